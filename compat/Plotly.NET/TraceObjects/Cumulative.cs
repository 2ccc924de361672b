namespace Plotly.NET.TraceObjects;

public class Cumulative : IWritten
{
    object IWritten.Json => Fields.Empty;
}

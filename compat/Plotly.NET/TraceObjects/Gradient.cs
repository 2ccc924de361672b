namespace Plotly.NET.TraceObjects;

public class Gradient : IWritten
{
    object IWritten.Json => Fields.Empty;
}

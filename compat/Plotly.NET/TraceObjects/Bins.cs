namespace Plotly.NET.TraceObjects;

public class Bins : IWritten
{
    object IWritten.Json => Fields.Empty;
}

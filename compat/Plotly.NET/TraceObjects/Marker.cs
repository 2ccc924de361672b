namespace Plotly.NET.TraceObjects;

public class Marker : IWritten
{
    object IWritten.Json => Fields.Empty;
}

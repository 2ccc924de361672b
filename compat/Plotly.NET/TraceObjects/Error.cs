namespace Plotly.NET.TraceObjects;

public class Error : IWritten
{
    object IWritten.Json => Fields.Empty;
}

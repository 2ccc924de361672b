namespace Plotly.NET.TraceObjects;

public class Pattern : IWritten
{
    object IWritten.Json => Fields.Empty;
}

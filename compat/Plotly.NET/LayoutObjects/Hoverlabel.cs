namespace Plotly.NET.LayoutObjects;

public class Hoverlabel : IWritten
{
    object IWritten.Json => Fields.Empty;
}

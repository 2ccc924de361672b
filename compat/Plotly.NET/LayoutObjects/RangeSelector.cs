namespace Plotly.NET.LayoutObjects;

public class RangeSelector : IWritten
{
    object IWritten.Json => Fields.Empty;
}

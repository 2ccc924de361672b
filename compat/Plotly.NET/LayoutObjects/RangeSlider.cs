namespace Plotly.NET.LayoutObjects;

public class RangeSlider : IWritten
{
    object IWritten.Json => Fields.Empty;
}

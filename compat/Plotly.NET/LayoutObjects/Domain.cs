namespace Plotly.NET.LayoutObjects;

public class Domain : IWritten
{
    object IWritten.Json => Fields.Empty;
}

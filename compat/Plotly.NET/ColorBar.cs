namespace Plotly.NET;

public class ColorBar : IWritten
{
    object IWritten.Json => Fields.Empty;
}

namespace Plotly.NET;

public class Font : IWritten
{
    object IWritten.Json => Fields.Empty;
}

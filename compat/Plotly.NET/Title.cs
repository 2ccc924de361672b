namespace Plotly.NET;

public class Title : IWritten
{
    object IWritten.Json => Fields.Empty;
}

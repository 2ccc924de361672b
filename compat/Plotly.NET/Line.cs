namespace Plotly.NET;

public class Line : IWritten
{
    object IWritten.Json => Fields.Empty;
}

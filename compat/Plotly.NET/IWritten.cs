namespace Plotly.NET;

/// <summary>What knows how figures' JSON writes it.</summary>
internal interface IWritten
{
    object Json { get; }
}

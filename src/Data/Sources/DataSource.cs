namespace Madtp.Kit.Data.Sources;

/// <summary>A data set or a family of checkpoints: what belongs to it, where it goes, and where it comes from.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">What it is.</param>
/// <param name="Folder">Where it goes, below the data folder.</param>
/// <param name="Licence">Under what terms it may be used, as far as its makers say.</param>
/// <param name="Files">Its files.</param>
public sealed record DataSource(string Name, string Title, string Folder, string Licence, IReadOnlyList<DataFile> Files)
{
    /// <summary>Its images.</summary>
    public IReadOnlyList<DataImages> Images { get; init; } = [];

    /// <summary>How to get what cannot be fetched.</summary>
    public string? ByHand { get; init; }
}

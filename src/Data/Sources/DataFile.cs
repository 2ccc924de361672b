namespace Madtp.Kit.Data.Sources;

/// <summary>A file of a data set, or an archive that holds files of it.</summary>
/// <param name="Path">Where it goes, below the data set's folder.</param>
/// <param name="Url">Where it may be fetched from; null where it must be asked for.</param>
public sealed record DataFile(string Path, string? Url = null)
{
    /// <summary>Its size, where it is known for certain.</summary>
    public long? Bytes { get; init; }

    /// <summary>Its SHA-256 in hexadecimal, where it is published.</summary>
    public string? Sha256 { get; init; }

    /// <summary>For an archive: what it unpacks to. Once these are there the archive itself is not needed.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];

    /// <summary>What must be there for the file to count as present: itself, or what it unpacks to.</summary>
    public IReadOnlyList<string> Wanted => Holds.Count > 0 ? Holds : [Path];
}

using System.Security.Cryptography;

namespace Madtp.Kit.Data;

/// <summary>What is there of a data set.</summary>
/// <param name="Source">The data set.</param>
/// <param name="Parts">Its files and images.</param>
public sealed record DataStatus(DataSource Source, IReadOnlyList<DataPart> Parts)
{
    /// <summary>The whole: complete when every part is, absent when none is there.</summary>
    public DataState State => Parts.Count > 0 && Parts.All(p => p.State == DataState.Complete) ? DataState.Complete
        : Parts.All(p => p.State == DataState.Absent) ? DataState.Absent
        : DataState.Partial;

    /// <summary>Looks at the disk.</summary>
    /// <param name="source">The data set.</param>
    /// <param name="dataFolder">The folder of all data sets.</param>
    /// <param name="verify">Whether to compute checksums too, where they are known.</param>
    public static DataStatus Check(DataSource source, string dataFolder, bool verify = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(dataFolder);
        var folder = Path.Combine(dataFolder, source.Folder);
        return new DataStatus(source, [.. source.Files.Select(f => CheckFile(f, folder, verify)), .. source.Images.Select(i => CheckImages(i, folder))]);
    }

    private static DataPart CheckFile(DataFile file, string folder, bool verify)
    {
        var missing = file.Wanted.Where(w => !Path.Exists(Path.Combine(folder, w))).ToArray();
        if (missing.Length > 0)
        {
            var begun = new FileInfo(Path.Combine(folder, file.Path + Download.PartSuffix));
            return begun.Exists ? new DataPart(file.Path, DataState.Partial, $"{begun.Length:N0} bytes fetched so far")
                : missing.Length < file.Wanted.Count ? new DataPart(file.Path, DataState.Partial, $"missing: {string.Join(", ", missing)}")
                : new DataPart(file.Path, DataState.Absent, file.Url is null ? "to be got by hand" : string.Empty);
        }

        var path = Path.Combine(folder, file.Path);
        if (file.Holds.Count == 0 && file.Bytes is { } bytes && new FileInfo(path).Length != bytes)
        {
            return new DataPart(file.Path, DataState.Partial, $"{new FileInfo(path).Length:N0} bytes, not {bytes:N0}");
        }

        if (verify && file.Holds.Count == 0 && file.Sha256 is { } wanted && Sha256Of(path) != wanted)
        {
            return new DataPart(file.Path, DataState.Partial, "its checksum differs");
        }

        return new DataPart(file.Path, DataState.Complete, string.Empty);
    }

    private static DataPart CheckImages(DataImages images, string folder)
    {
        var (present, wanted) = images.Count(folder);
        return present == 0 ? new DataPart(images.What, DataState.Absent, wanted > 0 ? $"0 of {wanted:N0}" : string.Empty)
            : present < wanted ? new DataPart(images.What, DataState.Partial, $"{present:N0} of {wanted:N0}")
            : new DataPart(images.What, DataState.Complete, string.Empty);
    }

    private static string Sha256Of(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}

/// <summary>What is there of one part of a data set.</summary>
/// <param name="What">A file's or the images' name.</param>
/// <param name="State">How much of it is there.</param>
/// <param name="Detail">What is wrong or missing; empty where it is complete.</param>
public sealed record DataPart(string What, DataState State, string Detail);

/// <summary>How much of something is there.</summary>
public enum DataState
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>Some of it, or not as it should be.</summary>
    Partial,

    /// <summary>All of it.</summary>
    Complete,
}

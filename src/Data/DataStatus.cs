namespace Madtp.Kit.Data;

/// <summary>What is there of a data set.</summary>
public sealed record DataStatus(DataSource Source, IReadOnlyList<DataPart> Parts)
{
    /// <summary>The whole: complete when every part is, absent when none is there.</summary>
    public DataState State => Parts.Count > 0 && Parts.All(p => p.State == DataState.Complete) ? DataState.Complete
        : Parts.All(p => p.State == DataState.Absent) ? DataState.Absent
        : DataState.Partial;

    /// <summary>Looks at the disk.</summary>
    /// <param name="verify">Whether to compute checksums too, where they are known.</param>
    public static DataStatus Check(DataSource source, string dataFolder, bool verify = false)
    {
        var folder = Path.Combine(dataFolder, source.Folder);
        return new DataStatus(
            source,
            [
                .. source.Files.Select(file => CheckFile(file, folder, verify)),
                .. source.Images.Select(images => CheckImages(images, folder)),
            ]);
    }

    private static DataPart CheckFile(DataFile file, string folder, bool verify)
    {
        var path = Path.Combine(folder, file.Path);
        IReadOnlyList<string> wanted = file.Holds.Count > 0 ? file.Holds : [file.Path];
        string[] missing = [.. wanted.Where(name => !Path.Exists(Path.Combine(folder, name)))];
        if (missing.Length > 0)
        {
            var begun = new FileInfo(path + Download.PartSuffix);
            return begun.Exists ? new DataPart(file.Path, DataState.Partial, $"{begun.Length:N0} bytes fetched so far")
                : missing.Length < wanted.Count
                    ? new DataPart(file.Path, DataState.Partial, $"missing: {string.Join(", ", missing)}")
                : new DataPart(file.Path, DataState.Absent, file.Url is null ? "to be got by hand" : string.Empty);
        }

        var fault = file.Holds.Count > 0 ? null // the archive itself is not needed any more
            : file.Bytes is { } bytes && new FileInfo(path).Length is var length && length != bytes
                ? $"{length:N0} bytes, not {bytes:N0}"
            : verify && file.Sha256 is { } sha && Download.Sha256Async(path).GetAwaiter().GetResult() != sha
                ? "its checksum differs"
            : null;
        return new DataPart(file.Path, fault is null ? DataState.Complete : DataState.Partial, fault ?? string.Empty);
    }

    private static DataPart CheckImages(DataImages images, string folder)
    {
        var (present, wanted) = images.Count(folder);
        var state = present == 0 ? DataState.Absent : present < wanted ? DataState.Partial : DataState.Complete;
        return new DataPart(images.What, state, present < wanted ? $"{present:N0} of {wanted:N0}" : string.Empty);
    }
}

/// <summary>What is there of one part of a data set.</summary>
/// <param name="What">A file's or the images' name.</param>
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

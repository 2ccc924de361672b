using System.IO.Compression;

namespace Madtp.Kit.Data;

/// <summary>Fetches what is missing of a data set and may be fetched.</summary>
/// <param name="download">Fetches single files.</param>
public sealed class DataFetch(Download download)
{
    /// <summary>Fetches and unpacks; what is there already is left alone.</summary>
    /// <param name="source">The data set.</param>
    /// <param name="dataFolder">The folder of all data sets.</param>
    /// <param name="progress">Told which file is at work, in which step, and how far.</param>
    /// <param name="cancellation">Stops it; what was fetched stays for next time.</param>
    /// <returns>How many files were fetched or unpacked.</returns>
    public async Task<int> FetchAsync(DataSource source, string dataFolder, IProgress<DataFetchStep>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(dataFolder);
        var folder = Path.Combine(dataFolder, source.Folder);
        var fetched = 0;
        foreach (var file in source.Files.Where(f => f.Url is not null))
        {
            var path = Path.Combine(folder, file.Path);
            var isUnpacked = file.Holds.Count > 0 && !File.Exists(path) && file.Holds.All(h => Path.Exists(Path.Combine(folder, h)));
            if (isUnpacked || (file.Holds.Count == 0 && IsWhole(file, path)))
            {
                continue;
            }

            if (!IsWhole(file, path))
            {
                await download.FetchAsync(file, path, new Steps(file.Path, "fetching", progress), cancellation);
            }

            if (file.Holds.Count > 0)
            {
                Archive.Unpack(path, folder, new Steps(file.Path, "unpacking", progress), cancellation);
                File.Delete(path); // last: as long as the archive is there, unpacking is not known to be finished
            }

            fetched++;
        }

        return fetched;
    }

    private static bool IsWhole(DataFile file, string path) => File.Exists(path) && (file.Bytes is not { } bytes || new FileInfo(path).Length == bytes);

    private sealed class Steps(string file, string step, IProgress<DataFetchStep>? progress) : IProgress<DownloadProgress>, IProgress<double>
    {
        public void Report(DownloadProgress value) => progress?.Report(new DataFetchStep(file, step, value.Bytes, value.Total));

        public void Report(double value) => progress?.Report(new DataFetchStep(file, step, (long)(value * 1000), 1000));
    }
}

/// <summary>What is being done.</summary>
/// <param name="File">The file at work.</param>
/// <param name="Step">"fetching" or "unpacking".</param>
/// <param name="Done">How much is done: bytes, or thousandths when unpacking.</param>
/// <param name="Total">How much there is, where known.</param>
public readonly record struct DataFetchStep(string File, string Step, long Done, long? Total);

/// <summary>Unpacks a ZIP archive; entries that are there already are passed over, so that a broken run can go on.</summary>
public static class Archive
{
    /// <summary>Unpacks all entries.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InvalidDataException">The archive is broken, or an entry would leave the folder.</exception>
    public static void Unpack(string path, string folder, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        using var archive = Open(path);
        var done = 0;
        foreach (var entry in archive.Entries)
        {
            cancellation.ThrowIfCancellationRequested();
            var target = Path.GetFullPath(Path.Combine(root, entry.FullName));
            if (!target.StartsWith(root, StringComparison.Ordinal))
            {
                throw new InvalidDataException($"{path}: entry '{entry.FullName}' would be written outside '{folder}'");
            }

            if (!entry.FullName.EndsWith('/') && !(File.Exists(target) && new FileInfo(target).Length == entry.Length))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                AtomicFile.Write(target, stream =>
                {
                    using var content = entry.Open();
                    content.CopyTo(stream);
                });
            }

            progress?.Report((double)++done / archive.Entries.Count);
        }
    }

    private static ZipArchive Open(string path)
    {
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: not a ZIP archive, or a broken one ({e.Message})", e);
        }
    }
}

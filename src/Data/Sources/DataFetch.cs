namespace Madtp.Kit.Data.Sources;

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

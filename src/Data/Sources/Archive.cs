using System.IO.Compression;

namespace Madtp.Kit.Data.Sources;

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

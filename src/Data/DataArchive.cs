using System.IO.Compression;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>The ZIP archives that data sets come in.</summary>
internal static class DataArchive
{
    /// <summary>Unpacks a ZIP archive; entries that are there already are passed over, so that a broken run can go on.</summary>
    /// <exception cref="InvalidDataException">The archive is broken, or an entry would leave the folder.</exception>
    public static void Unpack(
        string path, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        using var archive = Open(path);
        foreach (var (number, entry) in archive.Entries.Index())
        {
            cancellation.ThrowIfCancellationRequested();
            var target = Path.GetFullPath(Path.Combine(root, entry.FullName));
            Guard.Data(target.StartsWith(root, StringComparison.Ordinal),
                $"{path}: entry {Printable.Quoted(entry.FullName)} would be written outside '{folder}'");
            if (!entry.FullName.EndsWith('/') && !(File.Exists(target) && new FileInfo(target).Length == entry.Length))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                var damage = $"{path}: entry {Printable.Quoted(entry.FullName)} is damaged";
                AtomicFile.Write(target, stream => Sound(damage, "the archive", () =>
                {
                    using var content = entry.Open();
                    content.CopyTo(stream);
                    return true;
                }));
            }

            progress?.Report(new DownloadProgress(Path.GetFileName(path), "unpacking", number + 1, archive.Entries.Count));
        }
    }

    /// <summary>Throws away what is no archive, such as a page that asks to log in: of most no checksum is known.</summary>
    /// <exception cref="InvalidDataException">It is none; the message says what to do.</exception>
    public static void Require(string path, string url)
    {
        try
        {
            Open(path).Dispose();
        }
        catch (InvalidDataException e)
        {
            File.Delete(path);
            throw new InvalidDataException(
                $"{url}: what the server sent is not a ZIP archive, or a broken one; it was thrown away, and the same command "
                + "fetches it anew", e);
        }
    }

    private static ZipArchive Open(string path) =>
        Sound($"{path}: not a ZIP archive, or a broken one", "it", () => ZipFile.OpenRead(path));

    // What .NET finds wrong is told with what to do about it.
    private static T Sound<T>(string wrong, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"{wrong} ({e.Message.TrimEnd('.')}); delete {what}, and the same command fetches it anew", e);
        }
    }
}

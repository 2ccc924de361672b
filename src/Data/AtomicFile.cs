namespace Madtp.Kit.Data;

/// <summary>The one way to write a file: under a temporary name beside the target, flushed to the disk, then renamed. It is whole
/// or absent, and nothing of it stays where it fails. What is said of a failure names the target.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file by <paramref name="write"/>; an earlier one stays until the new one is whole.</summary>
    /// <param name="flushToDisk">Whether to wait until the contents are on the disk, so that not even a power cut leaves half a
    /// file; false for thousands of small files that can be made again.</param>
    /// <exception cref="IOException">It cannot be written, for instance because the disk is full.</exception>
    public static void Write(string path, Action<FileStream> write, bool flushToDisk = true)
    {
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.part";
        try
        {
            using (var stream = File.Create(temporary))
            {
                write(stream);
                stream.Flush(flushToDisk);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException) // the latter for a file too large
        {
            throw Named(path, e, temporary);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException(e.Message.Replace(temporary, path, StringComparison.Ordinal), e);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    /// <summary>Writes a file of text, as UTF-8.</summary>
    /// <exception cref="IOException">It cannot be written, for instance because the disk is full.</exception>
    public static void Write(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether a file is one that is being written, or was when its process was killed.</summary>
    public static bool IsTemporary(string path) => Regex.IsMatch(path, @"\.\d+-\d+\.part$");

    /// <summary>Writes at the end of a file, all of it or nothing: what fails is taken back.</summary>
    /// <exception cref="IOException">It cannot be written, for instance because the disk is full.</exception>
    public static void Append(FileStream file, ReadOnlySpan<byte> bytes, bool flushToDisk)
    {
        var before = file.Length;
        try
        {
            file.Seek(0, SeekOrigin.End);
            file.Write(bytes);
            file.Flush(flushToDisk);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException) // the latter for a file too large
        {
            file.SetLength(before);
            if (before == 0)
                File.Delete(file.Name);

            throw Named(file.Name, e);
        }
    }

    // The system's sentence may name no file, or one that nobody knows.
    private static IOException Named(string path, Exception e, string? temporary = null)
    {
        var said = e.Message.Split(" (Parameter")[0];
        said = temporary is null ? said : said.Replace(temporary, path, StringComparison.Ordinal);
        return new IOException(said.Contains(path, StringComparison.Ordinal) ? said : $"{path}: {said}", e);
    }
}

/// <summary>One process at a time works in a folder. The system frees the lock when its process ends.</summary>
internal static class FolderLock
{
    /// <summary>Takes a folder's lock, making the folder where it is absent; dispose to free it.</summary>
    /// <exception cref="IOException">Another process holds it, or the folder cannot be written to.</exception>
    public static IDisposable Take(string folder) => TryTake(folder) ?? throw new IOException(
        $"{folder} is in use by another run: let that end first, or name another folder");

    /// <summary>The same; null where another process, or another part of this one, holds the lock.</summary>
    /// <param name="name">The file that stands for the lock: who works in a folder for another may take a second one.</param>
    public static IDisposable? TryTake(string folder, string name = "run.lock")
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path) || !Directory.Exists(folder))
        {
            return null; // without a folder: who held the lock has just done away with it
        }
    }
}

namespace Madtp.Kit.Data;

/// <summary>The one way to write a file: under a temporary name beside the target, flushed to the disk, then renamed. It is whole
/// or absent, and nothing of it stays where it fails.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file by <paramref name="write"/>; an earlier file of that name stays until the new one is
    /// whole.</summary>
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
        finally
        {
            File.Delete(temporary);
        }
    }
}

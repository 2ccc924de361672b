namespace Madtp.Kit.Data;

/// <summary>Files that are whole or absent: written under a temporary name beside the target, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file by <paramref name="write"/>; an earlier file of that name stays until the new one is
    /// whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the contents.</param>
    /// <param name="flushToDisk">Whether to wait until the contents are on the disk, so that not even a power cut leaves half a
    /// file.</param>
    public static void Write(string path, Action<FileStream> write, bool flushToDisk = false)
    {
        var temporary = $"{path}.{Environment.ProcessId}.part";
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

namespace Madtp.Kit.Data;

/// <summary>Files that are whole or absent: written under a temporary name beside the target, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file by <paramref name="write"/>; an earlier file of that name stays until the new one is whole.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = $"{path}.{Environment.ProcessId}.part";
        try
        {
            using (var stream = File.Create(temporary))
            {
                write(stream);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}

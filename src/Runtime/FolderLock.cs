namespace Madtp.Kit.Runtime;

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
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            return null; // who held the lock has just done away with the folder
        }
    }
}

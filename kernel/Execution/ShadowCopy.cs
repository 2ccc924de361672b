using System.Diagnostics;
using System.Globalization;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// A build writes over the assembly it built before, in place, and the runtime has that file mapped into memory: the next cell of
/// a running kernel would crash. So what lies in an artifacts folder is loaded from a copy, in artifacts/kernel/PROCESS, which is
/// near enough for a library that looks for its files above itself.
/// </summary>
internal static class ShadowCopy
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Roots = [];

    /// <summary>
    /// The file to load in place of <paramref name="path"/>: a copy, or the file itself where it is not a build's output.
    /// </summary>
    public static string Of(string path)
    {
        if (ArtifactsAbove(path) is not { } artifacts)
            return path;

        var shadows = Path.Combine(artifacts, "kernel");
        try
        {
            lock (Gate)
            {
                if (Roots.Add(shadows))
                {
                    Directory.CreateDirectory(shadows);
                    RemoveThoseOfTheDead(shadows);
                }

                var folder = Directory.CreateDirectory(Path.Combine(shadows, Own)).FullName;
                CopyIfThere(Path.ChangeExtension(path, ".pdb"), folder);
                return CopyIfThere(path, folder) ?? path;
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    /// <summary>Removes this process's copies.</summary>
    public static void Remove()
    {
        lock (Gate)
        {
            foreach (var folder in Roots.Select(root => Path.Combine(root, Own)))
                Delete(folder);
        }
    }

    private static string Own { get; } = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static string? ArtifactsAbove(string path)
    {
        var folder = Path.GetDirectoryName(path);
        while (folder is not null && Path.GetFileName(folder) != "artifacts")
            folder = Path.GetDirectoryName(folder);

        return folder;
    }

    private static string? CopyIfThere(string path, string folder)
    {
        if (!File.Exists(path))
            return null;

        var copy = Path.Combine(folder, Path.GetFileName(path));
        if (!File.Exists(copy))
            File.Copy(path, copy);

        return copy;
    }

    private static void RemoveThoseOfTheDead(string shadows)
    {
        var alive = Process.GetProcesses().Select(process => process.Id.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        Directory.GetDirectories(shadows).Where(folder => !alive.Contains(Path.GetFileName(folder))).ToList().ForEach(Delete);
    }

    private static void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // A kernel that starts later removes it.
        }
    }
}

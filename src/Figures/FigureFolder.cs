using Madtp.Kit.Experiments;

namespace Madtp.Kit.Figures;

/// <summary>
/// Where figures are kept: <c>KIT_FIGURES</c>, else <c>figures/</c> beside the kit's project file, else in the current folder. Those
/// drawn at the paper's scale have a folder of their own in it, <c>paper-scale/</c>, so that they never stand in for toy ones.
/// </summary>
public static class FigureFolder
{
    /// <summary>The folder's path.</summary>
    public static string Path => Environment.GetEnvironmentVariable("KIT_FIGURES") is { Length: > 0 } chosen 
        ? chosen
        : System.IO.Path.Combine(Root(), "figures", Scale.Current == ExperimentScale.Paper ? "paper-scale" : "");

    /// <summary>Writes a file under a temporary name, then renames it.</summary>
    internal static void Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>As <see cref="Write(string, string)"/>.</summary>
    internal static void Write(string path, byte[] bytes)
    {
        var full = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        var unfinished = $"{full}.{Environment.ProcessId}.part";
        File.WriteAllBytes(unfinished, bytes);
        File.Move(unfinished, full, overwrite: true);
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Madtp.Kit.csproj")))
            {
                return folder.FullName;
            }
        }

        return Environment.CurrentDirectory;
    }
}

namespace Madtp.Kit.Figures;

/// <summary>Where figures are kept: <c>KIT_FIGURES</c>, else <c>figures/</c> beside the kit's project file, else in the current folder.</summary>
public static class FigureFolder
{
    /// <summary>The folder's path.</summary>
    public static string Path => Environment.GetEnvironmentVariable("KIT_FIGURES") is { Length: > 0 } chosen ? chosen : System.IO.Path.Combine(Root(), "figures");

    /// <summary>Writes a file under a temporary name, then renames it.</summary>
    internal static void Write(string path, string text)
    {
        var full = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        var unfinished = $"{full}.{Environment.ProcessId}.part";
        File.WriteAllText(unfinished, text);
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

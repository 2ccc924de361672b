namespace Madtp.Kit;

/// <summary>Finds the kit's own files, wherever a program or a notebook runs.</summary>
public static class KitFolder
{
    private const string Mark = "Madtp.Kit.csproj";

    /// <summary>The repository's root: the nearest with Madtp.Kit.csproj above the program, else above the library, else above
    /// the working folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public static string Root { get; } = Above(AppContext.BaseDirectory)
        ?? Above(Path.GetDirectoryName(typeof(KitFolder).Assembly.Location))
        ?? Above(WorkingFolder())
        ?? throw new DirectoryNotFoundException(
            $"neither the library nor the working folder lies below a folder with {Mark}; run from inside the kit");

    /// <summary>A file or folder of the kit.</summary>
    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    // None where it was removed.
    private static string? WorkingFolder()
    {
        try
        {
            return Directory.GetCurrentDirectory();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? Above(string? folder)
    {
        while (!string.IsNullOrEmpty(folder) && !System.IO.File.Exists(Path.Combine(folder, Mark)))
            folder = Path.GetDirectoryName(folder);

        return string.IsNullOrEmpty(folder) ? null : folder;
    }
}

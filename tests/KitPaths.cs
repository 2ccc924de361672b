using System.Reflection;

namespace Madtp.Kit.Tests;

/// <summary>Where a test finds the repository and the shared samples beside it.</summary>
internal static class KitPaths
{
    /// <summary>The repository's root: the nearest folder above the test assembly that holds Madtp.Kit.csproj.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder of the repository.</summary>
    public static string InRepository(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A file or folder of the shared samples (KIT_SHARED, else ../shared); skips the test with a reason where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        var folder = Environment.GetEnvironmentVariable("KIT_SHARED") ?? Path.Combine(Root, "..", "shared");
        var path = Path.GetFullPath(Path.Combine([folder, .. parts]));
        if (!File.Exists(path) && !Directory.Exists(path))
            Xunit.Assert.Skip($"the shared sample '{Path.Combine(parts)}' is absent (set KIT_SHARED to its folder)");

        return path;
    }

    private static string FindRoot()
    {
        for (var folder = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Madtp.Kit.csproj")))
                return folder;
        }

        throw new DirectoryNotFoundException("no folder above the test assembly holds Madtp.Kit.csproj");
    }
}

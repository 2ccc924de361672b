using System.Collections.Frozen;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>The files of the .NET runtime this kernel runs on.</summary>
internal static class Framework
{
    private static readonly FrozenDictionary<string, string> Paths = Find();

    public static IEnumerable<string> Names => Paths.Keys;

    public static bool Has(string name) => Paths.ContainsKey(name);

    /// <summary>The file of a framework assembly, by its simple name.</summary>
    public static string FileOf(string name) => Paths[name];

    private static FrozenDictionary<string, string> Find()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var trusted = ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator);
        return trusted.Where(path => Path.GetDirectoryName(path) == folder).DistinctBy(Path.GetFileNameWithoutExtension)
            .ToFrozenDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);
    }
}

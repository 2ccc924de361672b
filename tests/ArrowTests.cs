using System.Text.RegularExpressions;
using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>The folders of the library stand in one order, and none knows of one that comes after it.</summary>
public partial class ArrowTests
{
    /// <summary>From what knows of nothing to what knows of all.</summary>
    private static readonly string[] Order =
    [
        "Runtime", "Text", "Data", "Metrics", "Checkpoints", "Models", "Madtp", "Compression", "Cost", "Tasks", "Training", "Experiments",
        "Figures",
    ];

    private static readonly Dictionary<string, string> Sources = Directory
        .EnumerateFiles(KitPaths.InRepository("src"), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(KitPaths.InRepository("src"), path).Replace('\\', '/'))
        .Where(path => path.Contains('/', StringComparison.Ordinal))
        .ToDictionary(path => path, path => File.ReadAllText(KitPaths.InRepository("src", path)));

    [Fact]
    public void Every_folder_has_its_place() => Assert.Equal([], Sources.Keys.Select(Folder).Distinct().Except(Order));

    [Fact]
    public void No_arrow_runs_back() => Assert.Equal([],
        from source in Sources
        from name in Named(source.Value).Distinct()
        where Place(name) > Place(Folder(source.Key))
        select $"{source.Key} knows of {name}");

    /// <summary>The folders that a source names: by a using or a whole name, or by their last part before a type or folder of theirs.</summary>
    private static IEnumerable<string> Named(string source) =>
        WholeNames().Matches(source).Select(match => match.Groups[1].Value).Where(name => Place(name) >= 0)
            .Concat(PartNames().Matches(source).Select(match => match.Groups).Where(part => Owned.Value.Contains((part[1].Value, part[2].Value)))
                .Select(part => part[1].Value));

    private static readonly Lazy<HashSet<(string Folder, string Name)>> Owned = new(() =>
    [
        .. Sources.SelectMany(source => Declared().Matches(source.Value).Select(match => (Folder(source.Key), match.Groups[1].Value))),
        .. Sources.Keys.Select(path => path.Split('/')).Where(parts => parts.Length > 2).Select(parts => (parts[0], parts[1])),
    ]);

    private static string Folder(string path) => path.Split('/')[0];

    private static int Place(string folder) => Array.IndexOf(Order, folder);

    [GeneratedRegex(@"(?m)(?<!^namespace )\bMadtp\.Kit\.(\w+)")]
    private static partial Regex WholeNames();

    [GeneratedRegex(@"(?<![\w.])(\w+)\.(\w+)")]
    private static partial Regex PartNames();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?:struct\s+)?(\w+)")]
    private static partial Regex Declared();
}

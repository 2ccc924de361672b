using System.Text.RegularExpressions;
using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>The folders of the library stand in one order, and none knows of one that comes after it.</summary>
public partial class ArrowTests
{
    /// <summary>From what knows of nothing to what knows of all. A folder about to be renamed stands beside its new name.</summary>
    private static readonly string[][] Order =
    [
        ["Runtime"], ["Text"], ["Data"], ["Metrics"], ["Checkpoints"], ["Models"], ["Madtp", "Alignment", "Pruning"], ["Compression"], ["Cost"],
        ["Tasks", "Evaluations", "FineTuning"], ["Training"], ["Experiments"], ["Figures"],
    ];

    /// <summary>Arrows that still run back. The list only shrinks: one that is gone has to leave it.</summary>
    private static readonly string[] Known =
    [
        "Models -> Madtp", "Models -> Compression",
        "Compression -> Cost",
    ];

    private static readonly Dictionary<string, string> Sources = Directory
        .EnumerateFiles(KitPaths.InRepository("src"), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(KitPaths.InRepository("src"), path).Replace('\\', '/'))
        .Where(path => path.Contains('/', StringComparison.Ordinal))
        .ToDictionary(path => path, path => File.ReadAllText(KitPaths.InRepository("src", path)));

    [Fact]
    public void Every_folder_has_its_place() =>
        Assert.Equal([], Sources.Keys.Select(Folder).Distinct().Except(Order.SelectMany(names => names)));

    [Fact]
    public void No_arrow_runs_back()
    {
        var back = Back();
        var fresh = back.Where(arrow => !Known.Contains(arrow.Key)).Select(arrow => $"{arrow.Key}: {string.Join(", ", arrow)}");
        Assert.True(!fresh.Any(), $"a folder knows of one that comes after it:\n{string.Join('\n', fresh)}");
    }

    [Fact]
    public void What_no_longer_runs_back_has_left_the_list() => Assert.Equal([], Known.Except(Back().Select(arrow => arrow.Key)));

    private static ILookup<string, string> Back() =>
        (from source in Sources
         from name in Named(source.Value).Distinct()
         where Place(name) > Place(Folder(source.Key))
         select (Arrow: $"{Order[Place(Folder(source.Key))][0]} -> {Order[Place(name)][0]}", source.Key)).ToLookup(each => each.Arrow, each => each.Key);

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

    private static int Place(string folder) => Array.FindIndex(Order, names => names.Contains(folder));

    [GeneratedRegex(@"(?m)(?<!^namespace )\bMadtp\.Kit\.(\w+)")]
    private static partial Regex WholeNames();

    [GeneratedRegex(@"(?<![\w.])(\w+)\.(\w+)")]
    private static partial Regex PartNames();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?:struct\s+)?(\w+)")]
    private static partial Regex Declared();
}

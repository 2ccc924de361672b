using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>What an editor on a laptop shows whole.</summary>
public class StyleTests
{
    private const int Most = 130; // characters

    /// <summary>Folders that still have longer lines. The list only shrinks: one that has none has to leave it.</summary>
    private static readonly string[] Known =
    [
        "src/Compression", "src/Cost", "src/Data", "src/Madtp", "src/Models",
    ];

    [Fact]
    public void A_line_fits_a_laptops_editor()
    {
        var lines =
            from root in new[] { "src", "cli" }
            from path in Directory.EnumerateFiles(KitPaths.InRepository(root), "*.cs", SearchOption.AllDirectories)
            from line in File.ReadLines(path).Index()
            where line.Item.Length > Most
            let name = Path.GetRelativePath(KitPaths.Root, path).Replace('\\', '/')
            select (Folder: string.Join('/', name.Split('/')[..^1].Take(2)), Place: $"{name}:{line.Index + 1}");
        var longer = lines.ToLookup(line => line.Folder, line => line.Place);
        Assert.Equal([], longer.Where(folder => !Known.Contains(folder.Key)).SelectMany(folder => folder));
        Assert.Equal([], Known.Except(longer.Select(folder => folder.Key)));
    }
}

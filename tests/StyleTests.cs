using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>What an editor on a laptop shows whole.</summary>
public class StyleTests
{
    private const int Most = 130; // characters

    [Fact]
    public void A_line_fits_a_laptops_editor()
    {
        var longer =
            from root in new[] { "src", "cli", "kernel" }
            from path in Directory.EnumerateFiles(KitPaths.InRepository(root), "*.cs", SearchOption.AllDirectories)
            from line in File.ReadLines(path).Index()
            where line.Item.Length > Most
            select $"{Path.GetRelativePath(KitPaths.Root, path)}:{line.Index + 1}";
        Assert.Equal([], longer);
    }
}

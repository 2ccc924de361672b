using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Madtp.Kit.Tests.Notebooks;

/// <summary>What a reader meets first in every notebook.</summary>
public partial class NotebookLayoutTests
{
    [Fact]
    public void References_and_usings_are_one_folded_cell_the_first_with_code()
    {
        foreach (var (name, cells) in All())
        {
            var code = cells.Where(cell => cell.Code).ToList();
            var loading = code.Where(cell => LoadingLine().IsMatch(cell.Source)).ToList();
            Assert.True(loading is [{ } only] && only == code[0], $"{name}: {loading.Count} cells with #r or using");
            Assert.True(loading[0].Folded, $"{name}: the cell with #r is open");
            Assert.DoesNotContain(loading[0].Source.Split('\n'), line => line.Length > 0 && !LoadingLine().IsMatch(line));
        }
    }

    private static IEnumerable<(string Name, List<Cell> Cells)> All() =>
        from path in Directory.EnumerateFiles(KitPaths.InRepository("notebooks"), "*.ipynb", SearchOption.AllDirectories)
        where !path.Contains(".ipynb_checkpoints", StringComparison.Ordinal)
        select (Path.GetRelativePath(KitPaths.InRepository("notebooks"), path), Cells(path));

    private static List<Cell> Cells(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.GetProperty("cells").EnumerateArray().Select(cell => new Cell(
            cell.GetProperty("cell_type").GetString() == "code",
            string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())),
            cell.GetProperty("metadata").TryGetProperty("jupyter", out var jupyter)
                && jupyter.TryGetProperty("source_hidden", out var hidden) && hidden.GetBoolean()))];
    }

    private sealed record Cell(bool Code, string Source, bool Folded);

    [GeneratedRegex(@"^(#r ""|using (static )?[\w.]+( = [\w.<>, ]+)?;)", RegexOptions.Multiline)]
    private static partial Regex LoadingLine();
}

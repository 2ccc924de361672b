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

    [Fact]
    public void A_header_says_what_it_takes_and_the_first_picture_is_among_the_first_five_cells()
    {
        foreach (var (name, cells) in All().Where(each => !each.Name.StartsWith("solutions", StringComparison.Ordinal)))
        {
            Assert.Matches(@"^# \d\d · .+\n\n\*\*.*minute.*\*\* .*→\]\(", cells[0].Source);
            Assert.True(cells[..5].Exists(cell => cell.Pictured), $"{name} begins without a picture");
        }
    }

    [Fact]
    public void Equations_1_to_12_stand_above_their_lines_which_are_compared_with_the_library()
    {
        var cells = All().Where(each => each.Name is "02-alignment.ipynb" or "03-dynamic-pruning.ipynb")
            .SelectMany(each => each.Cells).ToList();
        for (var equation = 1; equation <= 12; equation++)
        {
            var (tag, fails) = ($"({equation})$$", $"throw new Exception($\"eq. {equation} gives");
            var formula = cells.FindIndex(cell => !cell.Code && cell.Source.Contains(tag, StringComparison.Ordinal));
            var below = formula < 0 ? [] : cells.Skip(formula + 1).TakeWhile(cell => cell.Code);
            Assert.True(below.Any(cell => cell.Source.Contains(fails, StringComparison.Ordinal)), $"equation {equation}");
        }
    }

    /// <summary>A display shows updates in the form that it began with: one that began as text would show a figure's name.</summary>
    [Fact]
    public void Markup_and_figures_are_shown_as_such()
    {
        foreach (var path in Paths())
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var shown = json.RootElement.GetProperty("cells").EnumerateArray()
                .SelectMany(cell => cell.TryGetProperty("outputs", out var outputs) ? outputs.EnumerateArray() : default)
                .Where(output => output.TryGetProperty("data", out var data) && data.EnumerateObject().Count() == 1)
                .Select(output => output.GetProperty("data"))
                .Where(data => data.TryGetProperty("text/plain", out _))
                .Select(data => string.Concat(data.GetProperty("text/plain").EnumerateArray().Select(line => line.GetString())));
            Assert.DoesNotContain(shown, text => text.StartsWith('<') || text.StartsWith("figure:", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<string> Paths() =>
        Directory.EnumerateFiles(KitPaths.InRepository("notebooks"), "*.ipynb", SearchOption.AllDirectories)
            .Where(path => !path.Contains(".ipynb_checkpoints", StringComparison.Ordinal));

    private static IEnumerable<(string Name, List<Cell> Cells)> All() =>
        from path in Paths()
        select (Path.GetRelativePath(KitPaths.InRepository("notebooks"), path), Cells(path));

    private static List<Cell> Cells(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.GetProperty("cells").EnumerateArray().Select(cell => new Cell(
            cell.GetProperty("cell_type").GetString() == "code",
            string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())),
            cell.GetProperty("metadata").TryGetProperty("jupyter", out var jupyter)
                && jupyter.TryGetProperty("source_hidden", out var hidden) && hidden.GetBoolean(),
            cell.TryGetProperty("outputs", out var outputs) && outputs.EnumerateArray().Any(IsPicture)))];
    }

    private static bool IsPicture(JsonElement output) =>
        output.TryGetProperty("data", out var data)
        && data.EnumerateObject().Any(form => form.Name.StartsWith("image/", StringComparison.Ordinal));

    private sealed record Cell(bool Code, string Source, bool Folded, bool Pictured);

    [GeneratedRegex(@"^(#r ""|using (static )?[\w.]+( = [\w.<>, ]+)?;)", RegexOptions.Multiline)]
    private static partial Regex LoadingLine();
}

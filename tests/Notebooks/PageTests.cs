using System.Text.RegularExpressions;
using Xunit;

namespace Madtp.Kit.Tests.Notebooks;

/// <summary>The pages that <c>./kit run</c> writes: another machine shows them whole, without a network.</summary>
[Collection(nameof(PageTests))]
public sealed partial class PageTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("speed", "slow")]
    public void Every_notebooks_page_links_nothing_and_has_its_formulas_as_MathML()
    {
        Assert.SkipWhen(Run("command -v pandoc") == "", "pandoc is not installed");
        var notebooks = Directory.GetFiles(KitPaths.InRepository("notebooks"), "*.ipynb");
        foreach (var (path, page) in notebooks.Zip(Pages(":", notebooks)))
        {
            var name = Path.GetFileName(path);
            Assert.True(!Linked().IsMatch(page), $"{name}: {Linked().Match(page)}");
            Assert.True(!page.Contains("class=\"math ", StringComparison.Ordinal), $"{name}: a formula that pandoc cannot read");
            var folded = page.IndexOf("<details class=\"folded\">", StringComparison.Ordinal);
            Assert.Contains("Madtp.Kit.dll", page[folded..page.IndexOf("</details>", StringComparison.Ordinal)]);
            Assert.DoesNotContain(".ipynb\"", page);
            var formulas = File.ReadAllText(KitPaths.InRepository("notebooks", name)).Split("$$").Length / 2;
            Assert.True(Regex.Count(page, "<math display=\"block\"") >= formulas, $"{name}: {formulas} formulas");
        }
    }

    [Fact]
    [Trait("speed", "slow")]
    public void Without_pandoc_a_page_is_written_all_the_same()
    {
        var page = Pages("command() { false; }", KitPaths.InRepository("notebooks", "02-alignment.ipynb")).Single();
        Assert.Contains("MathJax", page);
        Assert.DoesNotContain("<math", page);
        Assert.Contains("<details class=\"folded\">", page);
    }

    private IReadOnlyList<string> Pages(string before, params string[] notebooks)
    {
        string[] copies = [.. notebooks.Select(notebook => folder.File(Path.GetFileName(notebook)))];
        foreach (var (notebook, copy) in notebooks.Zip(copies))
            File.Copy(notebook, copy);

        var said = Run($"{before}; root=$1; shift; . \"$root/setup/page.sh\"; write_page \"$@\" 2>&1", [KitPaths.Root, .. copies]);
        Assert.SkipWhen(said.Contains("not found", StringComparison.Ordinal), "jupyter-nbconvert is not installed");
        string[] pages = [.. copies.Select(copy => Path.ChangeExtension(copy, ".html"))];
        Assert.All(pages, page => Assert.True(File.Exists(page), said));
        return [.. pages.Select(File.ReadAllText)];
    }

    private static string Run(string script, params string[] arguments) =>
        OtherProgram.Run(["bash", "-c", script, "bash", .. arguments]).Output;

    // Pictures and styles are in the page itself; what one may click on is no access.
    [GeneratedRegex("<(script|link|iframe|img)\\b[^>]*\\b(src|href)=\"(?!data:)[^>]*>|@import|url\\(\"?(http|file)")]
    private static partial Regex Linked();
}

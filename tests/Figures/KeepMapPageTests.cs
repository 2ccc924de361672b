using System.Text.RegularExpressions;
using Madtp.Kit.Figures;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class KeepMapPageTests
{
    [Fact]
    public void The_page_needs_nothing_from_elsewhere()
    {
        var html = KeepMapPage.Html("Kept", KeepMapPageSamples.Two());
        Assert.DoesNotMatch("https?://|<link[^>]+stylesheet|<script[^>]+src|@import", html);
        Assert.Equal(2, Regex.Count(html, "<script"));
        Assert.DoesNotContain("{{", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_the_data_cannot_end_the_script()
    {
        var samples = KeepMapPageSamples.Two();
        var html = KeepMapPage.Html("a < b", [samples[0] with { Pair = samples[0].Pair with { Sentence = "</script><b>\"no\" & 'yes'" } }, samples[1]]);
        Assert.Equal(2, Regex.Count(html, "</script>"));
        Assert.Contains("<h1>a &lt; b</h1>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>\"no\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_data_gives_the_same_characters() =>
        Assert.Equal(KeepMapPage.Html("Kept", KeepMapPageSamples.Two()), KeepMapPage.Html("Kept", KeepMapPageSamples.Two()));

    [Fact]
    public void It_is_written_whole_and_alone()
    {
        using var folder = new TemporaryFolder();
        var path = KeepMapPage.Write(Path.Combine(folder.Path, "map.html"), "Kept", KeepMapPageSamples.Two());
        Assert.Equal(KeepMapPage.Html("Kept", KeepMapPageSamples.Two()), File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        var samples = KeepMapPageSamples.Two();
        Assert.Contains("at least one sample", Message([]), StringComparison.Ordinal);
        Assert.Contains("sample 2 was run at other temperatures", Message([samples[0], samples[1] with { Runs = [samples[1].Runs[0]] }]), StringComparison.Ordinal);
        var shallow = samples[1] with { Runs = [.. samples[1].Runs.Select(run => run with { Left = [run.Left[0]] })] };
        Assert.Contains("sample 2 was run at other temperatures, or through other blocks", Message([samples[0], shallow]));
        Assert.Contains("at least one block", Message(With(run => run with { Left = [] })), StringComparison.Ordinal);
        Assert.Contains("sample 1, right image: 1 blocks", Message(With(run => run with { Right = [run.Right[0]] })), StringComparison.Ordinal);
        Assert.Contains("sample 1, text, block 1: token 9 is none of its 4 words", Message(With(run => run with { Text = [Only(9), run.Text[1]] })), StringComparison.Ordinal);
        Assert.Contains("block 1: token -1", Message(With(run => run with { Left = [Only(-1), run.Left[1]] })), StringComparison.Ordinal);
    }

    private static KeepMapLayer Only(int position) => new(0.1, [position], [true], [0], [0], [0], [0]);

    private static KeepMapSample[] With(Func<KeepMapRun, KeepMapRun> change)
    {
        var sample = KeepMapPageSamples.Two()[0];
        return [sample with { Runs = [.. sample.Runs.Select(change)] }];
    }

    private static string Message(IReadOnlyList<KeepMapSample> samples) => Assert.Throws<ArgumentException>(() => KeepMapPage.Html("t", samples)).Message;
}

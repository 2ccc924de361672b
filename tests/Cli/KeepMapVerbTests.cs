using Madtp.Kit.Tests.Figures.Browser;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary><c>kit keep-map</c> on photographs, with the toy models' weights.</summary>
[Collection(nameof(KeepMapVerbTests))]
public sealed class KeepMapVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("needs", "browser")]
    public async Task A_statement_about_two_photographs_becomes_a_page_and_a_figure()
    {
        var said = Draw("toy-decoys-a", "there are two red circles in the left image", "--right", Photo("astronaut_rgba.png"),
            "--against", "ToMe");
        Assert.Equal(0, said.Code);
        Assert.Contains("calibrated on this picture to --reduce 0.5", said.Output, StringComparison.Ordinal);
        var drawn = File.ReadAllText(Path.Combine(folder.Path, "keep-map.svg"));
        Assert.Contains("ToMe", drawn, StringComparison.Ordinal);
        Assert.Contains("block 6", drawn, StringComparison.Ordinal); // of images; text has four
        await using var page = await Open();
        Assert.Equal("“there are two red circles in the left image”", await page.Text("#statement"));
        Assert.Equal(2 * 144, (await page.Evaluate("document.querySelectorAll('.patch').length"))!.GetValue<double>());
        Assert.Contains("The model says", await page.Text("#outcome"), StringComparison.Ordinal);
        await page.Evaluate("document.getElementById('temperature').focus()");
        await page.Press("End");
        Assert.StartsWith("ToMe, keep ratio 0.", await page.Text("#temperature-value"), StringComparison.Ordinal);
        Assert.Equal("what decides: unlikeness", await page.Text("#colour option[value=tis]"));
        Assert.DoesNotContain("TIS", await page.Text("#token"), StringComparison.Ordinal);
        var colours = await page.Evaluate("""
            (document.getElementById('colour').value = 'tis', document.getElementById('colour').dispatchEvent(new Event('change')),
            new Set([...document.querySelectorAll('.patch.heat')].map(patch => patch.style.getPropertyValue('--heat'))).size)
            """);
        Assert.True(colours!.GetValue<double>() > 5, $"{colours} colours of patches"); // unlikeness is 0 or less
        Assert.InRange((await page.Evaluate("parseFloat([...document.querySelectorAll('.bar i')].at(-1).style.width)"))!.GetValue<double>(), 0, 100);
        await page.Press("ArrowLeft");
        Assert.Equal("nothing pruned", await page.Text("#temperature-value"));
        Assert.Equal("TIS, the mean of the three", await page.Text("#colour option[value=tis]"));
        Assert.Contains("144 of 144 kept", await page.Text("figcaption .count"), StringComparison.Ordinal);
        Assert.EndsWith("looks hardest", await page.Text("[data-score=claim]"), StringComparison.Ordinal);
        Assert.Empty(page.Errors);
    }

    [Theory]
    [Trait("needs", "browser")]
    [InlineData("toy-retrieval-madtp-0.5", "They match with")]
    [InlineData("toy-clip-madtp-0.5", "The cosine of picture and text is")]
    public async Task A_caption_of_one_photograph_is_compared_with_it(string weights, string says)
    {
        var said = Draw(weights, "a red circle above a blue square");
        Assert.Equal(0, said.Code);
        Assert.Contains("as the checkpoint says", said.Output, StringComparison.Ordinal);
        await using var page = await Open();
        Assert.Equal(1, (await page.Evaluate("document.querySelectorAll('.images figure').length"))!.GetValue<double>());
        Assert.Contains(says, await page.Text("#outcome"), StringComparison.Ordinal);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public void A_ratio_that_no_temperature_reaches_is_said()
    {
        var said = Draw("toy-nlvr2-madtp-0.5", "a red circle", "--right", Photo("astronaut_rgba.png"), "--reduce", "0.95");
        Assert.Contains("to --reduce 0.95, which no T reaches here", said.Output, StringComparison.Ordinal);
    }

    private static string Photo(string name) => KitPaths.Shared("data", "images", name);

    private KitProcess Draw(string weights, string text, params string[] more) => KitProcess.Run(
    [
        "keep-map", "--checkpoint", KitPaths.InRepository("data", "toy", "weights", $"{weights}.safetensors"),
        "--left", Photo("chelsea.png"), "--text", text, "--out", folder.Path, .. more,
    ]);

    private async Task<HeadlessBrowser> Open() =>
        await HeadlessBrowser.Open($"file://{Path.Combine(folder.Path, "keep-map.html")}", 1280, 900);
}

using System.Globalization;
using System.Text.Json.Nodes;
using Madtp.Kit.Figures;
using Madtp.Kit.Tests.Figures.Browser;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

/// <summary>The page in a real browser, used as a hand uses it.</summary>
[Trait("needs", "browser")]
[Collection(nameof(KeepMapBrowserTests))]
public sealed class KeepMapBrowserTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Pointing_at_a_patch_shows_its_scores()
    {
        await using var page = await Open("sample=1&block=1&temperature=1");
        await page.Hover(Patch(0, 5));
        Assert.Equal("left image, row 2, column 2", await page.Text("#token h2"));
        Assert.Equal(Shown(KeepMapPageSamples.Score(1, 5)), await page.Text("[data-score=cls]"));
        Assert.Equal(Shown(KeepMapPageSamples.Score(1, 5) / 2), await page.Text("[data-score=self]"));
        Assert.Equal(Shown(KeepMapPageSamples.Score(1, 5) / 4), await page.Text("[data-score=align]"));
        Assert.Equal(Shown(KeepMapPageSamples.Score(1, 5) / 8), await page.Text("[data-score=tis]"));
        Assert.Equal("0.01000", await page.Text("[data-score=theta]"));
        Assert.Contains("Pruned in block 1", await page.Text("#token .verdict"), StringComparison.Ordinal);
        await page.Hover(Patch(0, 7));
        Assert.Contains("Kept in block 1", await page.Text("#token .verdict"), StringComparison.Ordinal);
        await page.Hover("[data-stream='2'][data-position='3']");
        Assert.Contains("word 4, “run”", await page.Text("#token h2"), StringComparison.Ordinal);
        await page.Click("[data-stream='0'][data-position='-1']");
        Assert.Contains("merged token of block 1", await page.Text("#token h2"), StringComparison.Ordinal);
        Assert.Contains("out of 6 tokens", await page.Text("#token .verdict"), StringComparison.Ordinal);
        Clean(page);
    }

    [Fact]
    public async Task Sliders_and_cards_move_by_keys_alone()
    {
        await using var page = await Open("sample=1&block=1&temperature=1&token=0.5");
        Assert.Equal(6, await Pruned(page));
        await page.Evaluate("document.getElementById('temperature').focus()");
        await page.Press("ArrowRight");
        Assert.Equal("T = 20", await page.Text("#temperature-value"));
        Assert.Equal(4, await Pruned(page));
        await page.Evaluate("document.getElementById('block').focus()");
        await page.Press("ArrowRight");
        Assert.Equal("2 of 2", await page.Text("#block-value"));
        Assert.Equal(7, await Pruned(page));
        Assert.Contains("50 % of the plain model", await page.Text("#outcome"), StringComparison.Ordinal);
        Assert.Contains("so it is right", await page.Text("#outcome"), StringComparison.Ordinal);
        await page.Evaluate("document.querySelector('.card input').focus()");
        await page.Press("ArrowRight");
        Assert.Equal("“two cats sleep”", await page.Text("#statement"));
        Assert.Contains("so it is wrong", await page.Text("#outcome"), StringComparison.Ordinal);
        Assert.Contains("sample=2&block=2&temperature=2", (await page.Evaluate("location.hash"))!.GetValue<string>(), StringComparison.Ordinal);
        Clean(page);
    }

    [Fact]
    public async Task Arrows_walk_over_patches_and_the_tab_key_leaves_them()
    {
        await using var page = await Open("sample=1&block=1&temperature=1&token=0.1");
        await page.Evaluate($"document.querySelector(\"{Patch(0, 1)}\").focus()");
        await page.Press("ArrowDown");
        Assert.Equal("left image, row 2, column 2", await page.Text("#token h2"));
        await page.Press("ArrowRight");
        Assert.Equal("left image, row 2, column 3", await page.Text("#token h2"));
        await page.Press("End");
        Assert.Contains("merged token of block 1", await page.Text("#token h2"), StringComparison.Ordinal);
        Assert.Equal("-1", (await page.Evaluate("document.activeElement.dataset.position"))!.GetValue<string>());
        await page.Press("Tab");
        Assert.Equal("1", (await page.Evaluate("document.activeElement.dataset.stream"))!.GetValue<string>());
        Clean(page);
    }

    [Theory]
    [InlineData(1280, 800, false)]
    [InlineData(1280, 800, true)]
    [InlineData(400, 800, false)]
    [InlineData(400, 800, true)]
    public async Task It_fits_the_screen_and_can_be_read(int width, int height, bool dark)
    {
        await using var page = await Open("sample=1&block=1&temperature=2&colour=tis", width, height, dark);
        Assert.True((await page.Evaluate("document.documentElement.scrollWidth <= innerWidth"))!.GetValue<bool>(), "the page is wider than the screen");
        foreach (var selector in new[] { "#statement", "header p", "figcaption", "#token dt", ".verdict", "#outcome", "#controls label", ".legend li" })
        {
            var contrast = await Contrast(page, selector);
            Assert.True(contrast >= 4.5, string.Create(CultureInfo.InvariantCulture, $"{selector} has a contrast of {contrast:0.0} only"));
        }

        Assert.True((await page.Screenshot()).Length > 10_000);
        Assert.All(page.Requests.Skip(1), url => Assert.StartsWith("data:", url, StringComparison.Ordinal));
        Clean(page);
    }

    [Fact]
    public async Task A_strange_address_shows_the_start()
    {
        await using var page = await Open("sample=99&block=x&temperature=-3&token=7.400&colour=mauve");
        Assert.Equal("“two cats sleep”", await page.Text("#statement"));
        Assert.Equal("2 of 2", await page.Text("#block-value"));
        Assert.Contains("left image", await page.Text("#token h2"), StringComparison.Ordinal);
        Clean(page);
    }

    [Fact]
    public async Task The_chosen_sample_is_in_sight_on_a_narrow_screen()
    {
        KeepMapSample[] many = [.. Enumerable.Range(0, 4).SelectMany(_ => KeepMapPageSamples.Two())];
        var path = KeepMapPage.Write(Path.Combine(folder.Path, "many.html"), "What is kept", many);
        await using var page = await HeadlessBrowser.Open($"file://{path}#sample=8", 400, 800);
        var card = "document.querySelectorAll('.card')[7].getBoundingClientRect()";
        Assert.True((await page.Evaluate($"{card}.left >= 0 && {card}.right <= innerWidth"))!.GetValue<bool>());
        Clean(page);
    }

    private async Task<HeadlessBrowser> Open(string state, int width = 1280, int height = 800, bool dark = false)
    {
        var path = KeepMapPage.Write(Path.Combine(folder.Path, "map.html"), "What is kept", KeepMapPageSamples.Two());
        return await HeadlessBrowser.Open($"file://{path}#{state}", width, height, dark);
    }

    private static string Patch(int stream, int position) => $"[data-stream='{stream}'][data-position='{position}']";

    private static string Shown(double score) => score.ToString("0.00000", CultureInfo.InvariantCulture);

    private static async Task<int> Pruned(HeadlessBrowser page) => (int)(await page.Evaluate("document.querySelectorAll('figure[data-stream=\"0\"] .patch:is(.now, .before)').length"))!.GetValue<double>();

    private static void Clean(HeadlessBrowser page) => Assert.Empty(page.Errors);

    // WCAG 2.1: (lighter + 0.05) / (darker + 0.05), of the text's colour and the first ground behind it that is not clear.
    private static async Task<double> Contrast(HeadlessBrowser page, string selector)
    {
        var colors = (await page.Evaluate($$"""
            (() => {
              const numbers = text => text.match(/[\d.]+/g).map(Number);
              let at = document.querySelector("{{selector}}");
              const ink = numbers(getComputedStyle(at).color);
              for (; at; at = at.parentElement) {
                const ground = numbers(getComputedStyle(at).backgroundColor);
                if (ground.length === 3 || ground[3] > 0) { return [ink, ground]; }
              }
              return [ink, [255, 255, 255]];
            })()
            """))!.AsArray();
        var (a, b) = (Luminance(colors[0]!.AsArray()), Luminance(colors[1]!.AsArray()));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(JsonArray color)
    {
        double Linear(int channel)
        {
            var value = color[channel]!.GetValue<double>() / 255;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Linear(0)) + (0.7152 * Linear(1)) + (0.0722 * Linear(2));
    }
}

using Madtp.Kit.Kernel.Formatting;
using Madtp.Kit.Tests.Figures.Browser;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

/// <summary>Charts in a page without network, looked at in a real browser.</summary>
[Trait("needs", "browser")]
[Collection(nameof(InteractiveChartTests))]
public sealed class InteractiveChartTests : IDisposable
{
    // What a page with a module loader has: the library must not register there, where nobody asks for it.
    private const string ModuleLoader =
        "<script>window.define = () => { throw new Error('claimed'); }; window.define.amd = {};</script>";

    private const string Shown = "document.querySelectorAll('.main-svg').length >= 3";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Pointing_at_a_chart_shows_the_point()
    {
        await using var page = await Open(SampleChart.Draw("live").Html!);
        await page.Until(Shown);
        Assert.Null(await page.Evaluate("document.querySelector('.hovertext')"));
        await page.Hover("[id^=chart] .point:nth-of-type(2)");
        await page.Until("document.querySelector('.hovertext')");
        Assert.Equal("(2, 1)", await page.Text(".hovertext"));
        Assert.True((await page.Screenshot()).Length > 5000);
        Assert.Empty(page.Errors);
        Assert.All(page.Requests.Skip(1), url => Assert.Matches("^(data|blob):", url));
    }

    [Fact]
    public async Task Charts_of_one_page_share_one_library_and_each_works_alone()
    {
        string[] charts =
            [SampleChart.Draw("one").Html!, PlotlyCharts.TryHtml(SampleChart.Of("two"))!, SampleChart.Draw("three").Html!];
        await using (var page = await Open(string.Concat(charts)))
        {
            await page.Until("document.querySelectorAll('[id^=chart] .plot-container').length == 3");
            var libraries = "[...document.scripts].filter(script => script.textContent.startsWith('window.kitPlotlyModule'))";
            Assert.Equal(1, (int)(await page.Evaluate($"{libraries}.length"))!);
            Assert.Empty(page.Errors);
        }

        await using var last = await Open(charts[2]);
        await last.Until(Shown);
    }

    [Fact]
    public async Task Texts_of_a_chart_cannot_become_part_of_the_page()
    {
        await using var page = await Open(SampleChart.Draw("</script><img src=x onerror=alert(1)><!--").Html!);
        await page.Until(Shown);
        Assert.Equal(0, (int)(await page.Evaluate("document.images.length"))!);
        Assert.Empty(page.Errors);
    }

    [Fact]
    public async Task A_page_that_runs_no_scripts_says_what_to_do()
    {
        await using var page = await Open(SampleChart.Draw("live").Html!, scripts: false);
        Assert.Equal("live: trust this notebook, or run the cell, to see the chart", (await page.Text("[id^=chart]")).Trim());
    }

    [Fact]
    public void A_chart_as_a_cell_s_value_is_interactive_too()
    {
        Assert.Contains("plotly.newPlot", PlotlyCharts.TryHtml(SampleChart.Of("two")), StringComparison.Ordinal);
        Assert.Equal("chart: two", PlotlyCharts.TryPlain(SampleChart.Of("two")));
        Assert.Null(PlotlyCharts.TryHtml("no chart"));
        Assert.Null(PlotlyCharts.TryPlain(2));
    }

    private async Task<HeadlessBrowser> Open(string body, bool scripts = true)
    {
        var path = Path.Combine(folder.Path, "page.html");
        var head = $"<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>charts</title>";
        await File.WriteAllTextAsync(path, $"{head}{ModuleLoader}<body>{body}");
        return await HeadlessBrowser.Open($"file://{path}", 900, 500, scripts: scripts);
    }
}

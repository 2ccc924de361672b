using System.Text.Json.Nodes;
using Madtp.Kit.Figures;
using Madtp.Kit.Tests.Kernel;
using Plotly.NET;
using Plotly.NET.CSharp;
using Xunit;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Tests.Figures;

/// <summary>What a notebook gets to show of a chart: live, kept, and where no browser is installed.</summary>
[Trait("speed", "slow")]
[Collection(nameof(NotebookDisplayTests))]
public sealed class NotebookDisplayTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // One kernel, since its program begins five times else: what decides is asked for anew with every chart.
    [Fact]
    public void A_live_chart_is_interactive_and_starts_no_browser_and_one_sentence_says_where_there_is_none()
    {
        using var kernel = Started("");
        var shown = kernel.Client.Succeed("Line().Draw()").Result!;
        Assert.Contains("plotly.newPlot", (string)shown["text/html"]!, StringComparison.Ordinal);
        Assert.Equal("figure: loss falls (820 × 420)", (string?)shown["text/plain"]);
        Assert.False(shown.ContainsKey("image/png"));
        var bare = kernel.Client.Succeed("Line()").Result!;
        Assert.Contains("plotly.newPlot", (string)bare["text/html"]!, StringComparison.Ordinal);
        Assert.Equal("chart: loss falls", (string?)bare["text/plain"]);

        Set("KIT_FIGURES_STATIC", "0"); // nobody wants pictures: nothing is said
        Assert.Empty(Drawn().Stderr);
        Assert.Empty(SampleChart.BrowsersOf(kernel.Id));

        Set("KIT_BROWSER", "/nowhere/chromium");
        Set("KIT_FIGURES_STATIC", "1");
        Assert.Contains("KIT_BROWSER is '/nowhere/chromium'", Drawn().Stderr, StringComparison.Ordinal);
        Assert.Empty(Drawn().Stderr);
        Set("KIT_FIGURES_STATIC", "");
        Assert.Empty(Drawn().Stderr);
        Assert.Empty(Directory.GetFiles(folder.Path));
        var refused = kernel.Client.Run("Line().Draw().Svg").ErrorMessage;
        Assert.Contains("'loss falls' cannot be drawn", refused, StringComparison.Ordinal);

        void Set(string name, string value) =>
            kernel.Client.Succeed($"Environment.SetEnvironmentVariable(\"{name}\", \"{value}\");");

        CellResult Drawn()
        {
            var drawn = kernel.Client.Succeed("Line().Draw(\"line\")");
            Assert.Contains("plotly.newPlot", (string)drawn.Result!["text/html"]!, StringComparison.Ordinal);
            return drawn;
        }
    }

    [Fact]
    [Trait("needs", "browser")]
    public void A_kept_chart_is_a_picture_and_its_browser_ends_with_the_kernel_even_when_that_is_killed()
    {
        SampleChart.NeedsBrowser();
        using var kernel = Started("1");
        var shown = kernel.Client.Succeed("Line().Draw(\"line\")").Result!;
        var file = File.ReadAllText(Path.Combine(folder.Path, "line.svg"));
        Assert.Equal(file, (string?)shown["image/svg+xml"]);
        Assert.Contains("loss falls", file, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", shown.ToJsonString(), StringComparison.Ordinal);
        var pixels = File.ReadAllBytes(Path.Combine(folder.Path, "line.png"));
        Assert.Equal(pixels, Convert.FromBase64String((string)shown["image/png"]!));
        Assert.Single(SampleChart.BrowsersOf(kernel.Id));
        kernel.Signal("KILL");
        Assert.True(SampleChart.HaveEnded(kernel.Id), "the browser outlives its kernel");
    }

    [Fact]
    public void Axis_titles_are_those_of_the_long_way()
    {
        var both = Line().WithXAxisStyle<int, int, string>(TitleText: "step")
            .WithYAxisStyle<int, int, string>(TitleText: "loss");
        Assert.Equal(GenericChart.toJson(both), GenericChart.toJson(Line().WithAxisTitles("step", "loss")));
        Assert.Equal(GenericChart.toJson(Line()), GenericChart.toJson(Line().WithAxisTitles()));
        var layout = JsonNode.Parse(GenericChart.toJson(Line().WithAxisTitles(y: "loss")))!["layout"]!.AsObject();
        Assert.False(layout.ContainsKey("xaxis"));
    }

    private KernelProcess Started(string kept)
    {
        var kernel = new KernelProcess(environment: new Dictionary<string, string>
        {
            ["KIT_FIGURES"] = folder.Path, ["KIT_FIGURES_STATIC"] = kept,
        });
        kernel.Client.WaitUntilReady();
        kernel.Client.Succeed($$"""
            #r "{{typeof(StaticFigure).Assembly.Location}}"
            using Madtp.Kit.Figures;
            using Plotly.NET;
            using Plotly.NET.CSharp;
            using Chart = Plotly.NET.CSharp.Chart;
            GenericChart Line() =>
                Chart.Line<double, double, string>(x: new[] { 1.0, 2 }, y: new[] { 3.0, 2 }).WithTitle("loss falls");
            """);
        return kernel;
    }

    private static GenericChart Line() => Chart.Line<double, double, string>(x: [1, 2, 3], y: [3, 2, 1]).WithTitle("loss falls");
}

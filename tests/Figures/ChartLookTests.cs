using System.Text.Json.Nodes;
using Madtp.Kit.Figures;
using Madtp.Kit.Madtp;
using Plotly.NET;
using Xunit;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Tests.Figures;

public class ChartLookTests
{
    [Fact]
    public void A_method_has_its_colour_whatever_stands_before_it()
    {
        var alone = Colors(Lines("MADTP"));
        var third = Colors(Lines("dense", "STP", "MADTP"));
        Assert.Equal(alone["MADTP"], third["MADTP"]);
        Assert.NotEqual(third["STP"], third["MADTP"]);
        Assert.DoesNotContain(third["dense"], new[] { third["STP"], third["MADTP"] });
        var columns = Chart.Column<int, string, string>([1, 2], Keys: new[] { "a", "b" }, Name: "MADTP");
        Assert.Equal(alone["MADTP"], Colors(columns)["MADTP"]);
    }

    [Fact]
    public void A_name_may_say_more_after_a_comma_and_others_take_no_methods_colour()
    {
        var colors = Colors(Lines("MADTP", "MADTP, max-keep", "ToMe, paper", "home-made"));
        Assert.Equal(colors["MADTP"], colors["MADTP, max-keep"]);
        Assert.Equal(Colors(Lines("ToMe"))["ToMe"], colors["ToMe, paper"]);
        Assert.NotNull(colors["home-made"]);
        Assert.DoesNotContain(colors["home-made"], Colors(Lines([.. Methods.Rivals.Select(one => one.Name)])).Values);
    }

    [Fact]
    public void What_a_paper_printed_is_hatched_and_has_no_error_bars()
    {
        var chart = ColumnChart.Of(
            "loss", "points", ["0.5", "0.75"], new ColumnSeries("MADTP, toy", [-1, -2], [0.1, 0.2]), new("MADTP, paper", [-3, -4]));
        var traces = JsonNode.Parse(Of(chart).Json)!["data"]!.AsArray();
        Assert.Equal([null, "/"], traces.Select(trace => (string?)trace!["marker"]!["pattern"]?["shape"]));
        Assert.Equal((string?)traces[0]!["marker"]!["color"], (string?)traces[1]!["marker"]!["color"]);
        Assert.Equal([0.1, 0.2], traces[0]!["error_y"]!["array"]!.AsArray().Select(bar => (double)bar!));
        Assert.Null(traces[1]!["error_y"]);
    }

    [Fact]
    public void An_axis_that_begins_above_zero_is_visibly_cut()
    {
        var cut = JsonNode.Parse(Of(Lines("a").WithAxisTitles(y: "accuracy, %").WithYRange(45, 97)).Json)!["layout"]!;
        Assert.Equal("accuracy, % (axis begins at 45)", (string?)cut["yaxis"]!["title"]!["text"]);
        Assert.Single(cut["shapes"]!.AsArray());
        var whole = JsonNode.Parse(Of(Lines("a").WithAxisTitles(y: "accuracy, %").WithYRange(0, 97)).Json)!["layout"]!;
        Assert.Equal("accuracy, %", (string?)whole["yaxis"]!["title"]!["text"]);
        Assert.Null(whole["shapes"]);
    }

    [Fact]
    public void What_a_chart_says_itself_stays()
    {
        var red = Chart.Line<int, int, string>([1, 2], [1, 2], Name: "MADTP", MarkerColor: Color.fromString("red"));
        Assert.Equal("red", Colors(red)["MADTP"]);
        var look = Of(Plotly.NET.CSharp.GenericChartExtensions.WithSize(Lines("a").WithTitle("named"), 500, 300));
        Assert.Equal(("named", 500, 300), (look.Title, look.Width, look.Height));
        Assert.Equal((820, 420), (Of(Lines("a")).Width, Of(Lines("a")).Height));
        Assert.Equal("chart of a, b", Of(Lines("a", "b")).Title);
    }

    [Fact]
    public void Room_for_a_legend_grows_with_its_rows()
    {
        var few = Top(Lines("a", "b"));
        var many = Top(Lines([.. Enumerable.Range(0, 12).Select(i => $"a rather long name, number {i}")]));
        Assert.True(Top(Lines("a")) < few, "one series needs no legend");
        Assert.InRange(many, few + 40, few + 120);
    }

    [Fact]
    public void Every_value_arrives_as_it_is()
    {
        var chart = Chart.Line<int, double, string>([1, 2], [0.1, double.NaN], Name: "x < y & \"z\"");
        var trace = JsonNode.Parse(Of(chart).Json)!["data"]![0]!;
        Assert.Equal(0.1, (double)trace["y"]![0]!);
        Assert.Equal("NaN", (string?)trace["y"]![1]);
        Assert.Equal("x < y & \"z\"", (string?)trace["name"]);
    }

    private static GenericChart Lines(params string[] names) =>
        Chart.Combine(names.Select(name => Chart.Line<int, int, string>([1, 2], [1, 2], Name: name)));

    private static ChartLook Of(GenericChart chart) => ChartLook.Of(GenericChart.toJson(chart));

    private static double Top(GenericChart chart) => (double)JsonNode.Parse(Of(chart).Json)!["layout"]!["margin"]!["t"]!;

    private static Dictionary<string, string?> Colors(GenericChart chart) =>
        JsonNode.Parse(Of(chart).Json)!["data"]!.AsArray()
            .ToDictionary(trace => (string)trace!["name"]!, trace => (string?)trace!["marker"]?["color"]);
}

using Plotly.NET;
using Plotly.NET.CSharp;
using Xunit;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Tests.Compat.Plotly;

/// <summary>The figure of an expression is the one the package makes of it, name by name and in its order.</summary>
public class FigureJsonTests
{
    private static readonly double[] X = [1, 2, 3];
    private static readonly double[] Y = [2, 4.5, 3];
    private static readonly string[] Words = ["a", "b", "c"];
    private static readonly double[][] Z = [[1, 2, 3], [4, 5, 6]];

    private static readonly Dictionary<string, Func<GenericChart>> Expressions = new()
    {
        ["line"] = () => Chart.Line<double, double, string>(x: X, y: Y),
        ["line_nodefaults"] = () => Bare(),
        ["line_int_float"] = () => Chart.Line<int, float, string>(x: [1, 2, 3], y: [1.5f, 0.1f, 3f], UseDefaults: false),
        ["line_name_markers"] = () => Chart.Line<double, double, string>(x: X, y: Y, Name: "loss", ShowMarkers: true, UseDefaults: false),
        ["line_nomarkers"] = () => Chart.Line<double, double, string>(x: X, y: Y, ShowMarkers: false, ShowLegend: true, UseDefaults: false),
        ["line_color_width_dash"] = () => Chart.Line<double, double, string>(x: X, y: Y, LineColor: Color.fromString("red"), LineWidth: 2.5, LineDash: StyleParam.DrawingStyle.Dash, UseDefaults: false),
        ["line_color_rgb"] = () => Chart.Line<double, double, string>(x: X, y: Y, LineColor: Color.fromRGB(10, 20, 30), Opacity: 0.5, UseDefaults: false),
        ["line_text_multitext"] = () => Chart.Line<double, double, string>(x: X, y: Y, MultiText: Words, TextPosition: StyleParam.TextPosition.TopCenter, UseDefaults: false),
        ["line_text_single"] = () => Chart.Line<double, double, string>(x: X, y: Y, Text: "hi", UseDefaults: false),
        ["line_nan_inf"] = () => Chart.Line<double, double, string>(x: X, y: [double.NaN, double.PositiveInfinity, 1e-12], UseDefaults: false),
        ["line_dates"] = () => Chart.Line<DateTime, double, string>(
            x: [new DateTime(2024, 1, 2), new DateTime(2024, 1, 3, 4, 5, 6), new DateTime(2024, 1, 4, 0, 0, 0, DateTimeKind.Utc)], y: Y, UseDefaults: false),
        ["line_strings"] = () => Chart.Line<string, double, string>(x: Words, y: Y, UseDefaults: false),
        ["line_webgl_fill"] = () => Chart.Line<double, double, string>(x: X, y: Y, UseWebGL: true, Fill: StyleParam.Fill.ToZero_y, FillColor: Color.fromString("blue"), UseDefaults: false),
        ["scatter_mode"] = () => Chart.Scatter<double, double, string>(x: X, y: Y, mode: StyleParam.Mode.Lines_Markers_Text, UseDefaults: false),
        ["point"] = () => Chart.Point<double, double, string>(x: X, y: Y),
        ["point_nodefaults"] = () => Chart.Point<double, double, string>(x: X, y: Y, UseDefaults: false),
        ["point_marker"] = () => Chart.Point<double, double, string>(x: X, y: Y, Name: "p", MarkerColor: Color.fromString("green"), MarkerSymbol: StyleParam.MarkerSymbol.Cross, Opacity: 0.7, UseDefaults: false),
        ["point_color_values"] = () => Chart.Point<double, double, string>(
            x: X, y: Y, MarkerColor: Color.fromColorScaleValues(new double[] { 0, 0.5, 1 }), MarkerColorScale: StyleParam.Colorscale.Viridis, UseDefaults: false),
        ["point_multitext"] = () => Chart.Point<double, double, string>(x: X, y: Y, MultiText: Words, MultiOpacity: new[] { .1, .5, 1 }, UseDefaults: false),
        ["bar"] = () => Chart.Bar<double, string, string>(values: Y, Keys: Words),
        ["bar_nodefaults"] = () => Chart.Bar<double, string, string>(values: Y, Keys: Words, Name: "b", UseDefaults: false),
        ["bar_nokeys"] = () => Chart.Bar<double, string, string>(values: Y, UseDefaults: false),
        ["bar_style"] = () => Chart.Bar<double, string, string>(
            values: Y, Keys: Words, MarkerColor: Color.fromString("teal"), MultiText: Words, TextPosition: StyleParam.TextPosition.Outside, UseDefaults: false),
        ["column"] = () => Chart.Column<double, string, string>(values: Y, Keys: Words),
        ["column_nodefaults"] = () => Chart.Column<double, string, string>(values: Y, Keys: Words, Name: "c", UseDefaults: false),
        ["stackedcolumn"] = () => Chart.StackedColumn<double, string, string>(values: Y, Keys: Words, UseDefaults: false),
        ["column_grouped_combine"] = () => Chart.Combine([
            Chart.Column<double, string, string>(values: Y, Keys: Words, Name: "g1", UseDefaults: false),
            Chart.Column<double, string, string>(values: X, Keys: Words, Name: "g2", UseDefaults: false)]),
        ["heatmap"] = () => Chart.Heatmap<double, string, string, string>(zData: Z),
        ["heatmap_nodefaults"] = () => Chart.Heatmap<double, string, string, string>(zData: Z, X: Words, Y: new[] { "r0", "r1" }, UseDefaults: false),
        ["heatmap_custom_scale"] = () => Chart.Heatmap<double, string, string, string>(
            zData: Z, ColorScale: StyleParam.Colorscale.NewCustom([Tuple.Create(0.0, Color.fromString("white")), Tuple.Create(1.0, Color.fromString("red"))]), UseDefaults: false),
        ["annotatedheatmap"] = () => Chart.AnnotatedHeatmap<double, string, string, string>(
            zData: Z, annotationText: (string[][])[["1", "2", "3"], ["4", "5", "6"]], ReverseYAxis: true, UseDefaults: false),
        ["histogram_x"] = () => Chart.Histogram<double, double, string>(X: X, NBinsX: 10, Name: "h", UseDefaults: false),
        ["histogram_norm"] = () => Chart.Histogram<double, double, string>(X: X, HistNorm: StyleParam.HistNorm.Probability, Orientation: StyleParam.Orientation.Vertical, UseDefaults: false),
        ["area"] = () => Chart.Area<double, double, string>(x: X, y: Y, UseDefaults: false),
        ["combine"] = () => Chart.Combine([Chart.Line<double, double, string>(x: X, y: Y, Name: "train"), Chart.Point<double, double, string>(x: X, y: X, Name: "val")]),
        ["combine_titles_conflict"] = () => Chart.Combine([
            Bare().WithTitle("first").WithXAxisStyle<double, double, string>(TitleText: "x1"),
            Bare().WithTitle("second").WithYAxisStyle<double, double, string>(TitleText: "y2")]),
        ["combine_nested"] = () => Chart.Combine([Chart.Combine([Bare(), Bare()]), Bare()]),
        ["grid_2x2"] = () => Chart.Grid(
            [
                Chart.Line<double, double, string>(x: X, y: Y, Name: "A"), Chart.Point<double, double, string>(x: X, y: Y, Name: "B"),
                Chart.Column<double, string, string>(values: Y, Keys: Words, Name: "C"), Chart.Heatmap<double, string, string, string>(zData: Z),
            ],
            nRows: 2,
            nCols: 2),
        ["grid_1x2_titles"] = () => Chart.Grid(
            [Bare().WithXAxisStyle<double, double, string>(TitleText: "xa"), Chart.Point<double, double, string>(x: X, y: Y, UseDefaults: false).WithYAxisStyle<double, double, string>(TitleText: "yb")],
            nRows: 1,
            nCols: 2,
            SubPlotTitles: new[] { "left", "right" }),
        ["grid_coupled"] = () => Chart.Grid(
            [Bare(), Chart.Point<double, double, string>(x: X, y: Y, UseDefaults: false)], nRows: 1, nCols: 2, Pattern: StyleParam.LayoutGridPattern.Coupled, XGap: 0.1, YGap: 0.2),
        ["grid_fewer_than_cells"] = () => Chart.Grid([Bare(), Bare(), Bare()], nRows: 2, nCols: 2),
        ["singlestack"] = () => Chart.SingleStack([Bare(), Bare()]),
        ["withtitle"] = () => Bare().WithTitle("My title"),
        ["withxaxisstyle_titletext"] = () => Bare().WithXAxisStyle<double, double, string>(TitleText: "epoch"),
        ["withxaxisstyle_full"] = () => Bare().WithXAxisStyle<double, double, string>(
            TitleText: "x", MinMax: Tuple.Create(0.0, 10.0), ShowGrid: true, ShowLine: true, ZeroLine: false, Mirror: StyleParam.Mirror.All, Side: StyleParam.Side.Bottom,
            AxisType: StyleParam.AxisType.Log, CategoryOrder: StyleParam.CategoryOrder.Array, CategoryArray: Words),
        ["withyaxisstyle_log"] = () => Bare().WithYAxisStyle<double, double, string>(TitleText: "loss", AxisType: StyleParam.AxisType.Log),
        ["withxaxisstyle_id2"] = () => Bare().WithXAxisStyle<double, double, string>(TitleText: "x2", Id: StyleParam.SubPlotId.NewXAxis(2)),
        ["withsize_csharp"] = () => Bare().WithSize(Width: 800, Height: 400),
        ["withsize_csharp_widthonly"] = () => Bare().WithSize(Width: 800),
        ["withlegend_bool"] = () => Bare().WithLegend(true),
        ["withmarkerstyle"] = () => Chart.Point<double, double, string>(x: X, y: Y, UseDefaults: false).WithMarkerStyle(Size: 9, Color: Color.fromString("red")),
        ["invisible"] = () => Chart.Invisible(),
    };

    public static TheoryData<string> Names => [.. Expressions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Figure_is_the_packages(string name)
    {
        var expected = File.ReadAllText(KitPaths.Shared("api", "plotly-figures", name + ".json")).Trim();
        Assert.Equal(expected, GenericChart.toJson(Expressions[name]()));
    }

    [Fact]
    public void Hexadecimal_and_transparent_colours_become_rgba()
    {
        Assert.Equal("rgba(255, 136, 0, 1.0)", Color.fromHex("#ff8800").Value);
        Assert.Equal("rgba(10, 20, 30, 0.5)", Color.fromARGB(128, 10, 20, 30).Value);
        Assert.Contains("#rrggbb", Assert.Throws<ArgumentException>(() => Color.fromHex("#ff88")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_bars_are_set_on_every_trace()
    {
        var json = GenericChart.toJson(Chart.Combine([Bare(), Bare()]).WithYErrorStyle<double, double>(Array: new[] { 0.1, 0.2, 0.3 }));
        Assert.Equal(2, json.Split("\"error_y\":{\"array\":[0.1,0.2,0.3]}").Length - 1);
    }

    [Fact]
    public void Styling_a_chart_leaves_the_chart_it_was_made_from()
    {
        var plain = Bare();
        var before = GenericChart.toJson(plain);
        plain.WithTitle("title").WithMarkerStyle(Size: 3);
        Assert.Equal(before, GenericChart.toJson(plain));
    }

    [Fact]
    public void Combining_nothing_is_an_error() => Assert.Throws<ArgumentException>(() => Chart.Combine([]));

    [Fact]
    public void Words_are_escaped() =>
        Assert.Contains("\"title\":{\"text\":\"a \\\"b\\\" \\\\ \\n\"}", GenericChart.toJson(Bare().WithTitle("a \"b\" \\ \n")), StringComparison.Ordinal);

    private static GenericChart Bare() => Chart.Line<double, double, string>(x: X, y: Y, UseDefaults: false);
}

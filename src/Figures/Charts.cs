using System.Text.Json.Nodes;
using Microsoft.FSharp.Core;
using Plotly.NET;
using Plotly.NET.CSharp;
using Axes = Plotly.NET.CSharp.GenericChartExtensions;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Figures;

/// <summary>Charts as figures, and the few parts of a chart that Plotly.NET's C# names leave out.</summary>
public static class ChartFigures
{
    /// <summary>Writes a title above the chart.</summary>
    public static GenericChart WithTitle(this GenericChart chart, string title) =>
        Plotly.NET.Chart.withTitle(title, null).Invoke(chart);

    /// <summary>Names the axes, but for one that is null; <c>WithXAxisStyle</c> and <c>WithYAxisStyle</c> set the rest.</summary>
    public static GenericChart WithAxisTitles(this GenericChart chart, string? x = null, string? y = null)
    {
        var named = x is null ? chart : Axes.WithXAxisStyle<int, int, string>(chart, TitleText: x);
        return y is null ? named : Axes.WithYAxisStyle<int, int, string>(named, TitleText: y);
    }

    /// <summary>Puts a vertical error bar at each point.</summary>
    /// <param name="array">Half of each bar's length, in the chart's order and its unit.</param>
    public static GenericChart WithYErrorStyle(this GenericChart chart, IEnumerable<double> array)
    {
        var bars = FSharpOption<IEnumerable<double>>.Some(array);
        return Plotly.NET.Chart.withYErrorStyle<double, double>(
            null, null, null, bars, null, null, null, null, null, null, null, null, null).Invoke(chart);
    }

    /// <summary>Sets where the vertical axis begins and ends: one that begins above 0 is broken, and titled so.</summary>
    public static GenericChart WithYRange(this GenericChart chart, double from, double to) =>
        Axes.WithYAxisStyle<double, double, string>(chart, MinMax: Tuple.Create(from, to));

    /// <summary>The chart as a figure in the kit's look: interactive in a live notebook, static in files and where
    /// <c>KIT_FIGURES_STATIC</c> is 1.</summary>
    /// <param name="saveAs">The name of its files in the folder of figures, without an ending; null for none.</param>
    public static StaticFigure Draw(this GenericChart chart, string? saveAs = null)
    {
        var look = ChartLook.Of(GenericChart.toJson(chart));
        var figure = new StaticFigure(
            look.Title,
            look.Width,
            look.Height,
            () => ChartBrowser.Svg(look),
            scale => ChartBrowser.Png(look, scale),
            () => InteractiveChart.Html(look.Json, look.Title, typeof(GenericChart).Assembly));
        return saveAs is null ? figure : figure.Save(saveAs);
    }
}

/// <summary>What a method scores at a cost.</summary>
/// <param name="Cost">Usually multiply-accumulates, % of the plain model.</param>
/// <param name="Score">The score, usually in %.</param>
/// <param name="Deviation">Half the length of its error bar; null for none.</param>
public sealed record TradeOffPoint(double Cost, double Score, double? Deviation = null);

/// <summary>One line of a trade-off chart.</summary>
/// <param name="Points">What was measured, in the order it is joined; a single point stands alone.</param>
public sealed record TradeOffCurve(string Name, IReadOnlyList<TradeOffPoint> Points);

/// <summary>What is lost for what is saved: a score against multiply-accumulates, as the paper's Figure 1 shows it.</summary>
public static class TradeOffChart
{
    /// <summary>A chart of methods at several budgets.</summary>
    /// <param name="curves">The methods; every point of a curve has an error bar, or none has.</param>
    /// <exception cref="ArgumentException">There is no curve, or a curve has no point.</exception>
    public static GenericChart Of(string title, IEnumerable<TradeOffCurve> curves, string score = "test accuracy, %",
        string cost = "MACs, % of the plain model")
    {
        TradeOffCurve[] all = [.. curves];
        GenericChart[] lines = [.. all.Select(Line)];
        double[] ends = [.. all.SelectMany(curve => curve.Points)
            .SelectMany(point => new[] { point.Score - (point.Deviation ?? 0), point.Score + (point.Deviation ?? 0) })];
        return Chart.Combine(lines.Length > 0 ? lines : throw new ArgumentException("a trade-off chart needs a curve"))
            .WithTitle(title).WithAxisTitles(cost, score).WithSize(880, 460)
            .WithYRange(Math.Max(0, 5 * Math.Floor((ends.Min() - 1) / 5)), ends.Max() + 1);
    }

    private static GenericChart Line(TradeOffCurve curve)
    {
        var (x, y) = (curve.Points.Select(point => point.Cost), curve.Points.Select(point => point.Score));
        var line = curve.Points.Count switch
        {
            0 => throw new ArgumentException($"the curve '{curve.Name}' has no point"),
            1 => Chart.Point<double, double, string>(x: x, y: y, Name: curve.Name),
            _ => Chart.Line<double, double, string>(x: x, y: y, Name: curve.Name, ShowMarkers: true),
        };
        double[] bars = [.. curve.Points.Select(point => point.Deviation).OfType<double>()];
        return bars.Length == curve.Points.Count ? line.WithYErrorStyle(bars) : line;
    }
}

/// <summary>A chart in the one look that all have: fonts, colours, size, and a legend that stays clear of the title.</summary>
/// <param name="Json">The figure that plotly.js draws: <c>data</c>, <c>layout</c> and <c>config</c>.</param>
/// <param name="Title">Its title, or what it shows.</param>
internal sealed record ChartLook(string Json, string Title, int Width, int Height)
{
    /// <summary>Puts the look on a chart; what it says itself about titles, axes and colours of its series stays.</summary>
    /// <param name="json">The chart as Plotly.NET writes it.</param>
    public static ChartLook Of(string json)
    {
        const int TitleHeight = 42, Edge = 14;
        var figure = JsonNode.Parse(json)!.AsObject();
        var layout = figure["layout"]!.AsObject();
        var traces = figure["data"]!.AsArray().Select(trace => trace!.AsObject()).ToArray();
        var (width, height) = ((int?)layout["width"] ?? 600, (int?)layout["height"] ?? 600);
        (width, height) = (width, height) == (600, 600) ? (820, 420) : (width, height); // 600: Plotly.NET's where nobody set any
        var title = (string?)layout["title"]?["text"];
        if (title is not null)
            layout["title"]!["text"] = $"<b>{title}</b>";

        var look = JsonNode.Parse(InteractiveChart.Part("chart-look.json"))!.AsObject();
        look.Remove("methods", out var methods);
        look.Remove("others", out var others);
        layout["template"] = look;
        (layout["width"], layout["height"]) = (width, height);
        Color(traces, methods!, others!.AsArray());
        ShowBreak(layout);
        PlaceLegend(layout, traces, width, height, title is null ? Edge : TitleHeight);
        (figure["config"] ??= new JsonObject())["displaylogo"] = false;
        string[] names = [.. traces.Select(trace => (string?)trace["name"]).OfType<string>().Distinct()];
        title ??= names.Length > 0 ? $"chart of {string.Join(", ", names)}" : "chart";
        return new ChartLook(figure.ToJsonString(), title, width, height);
    }

    /// <summary>A method has its colour in every figure, whatever else is shown and whatever its name says after a comma; what
    /// stands beside methods has a colour that none of them has. Columns that a paper printed are hatched.</summary>
    private static void Color(JsonObject[] traces, JsonNode methods, JsonArray others)
    {
        string[] names = [.. traces.Select(trace => (string?)trace["name"] ?? "")];
        JsonNode? Known(string name) => methods[name] ?? methods[name.Split(", ")[0]];
        string[] unknown = [.. names.Where(name => Known(name) is null).Distinct()];
        foreach (var (trace, name) in traces.Zip(names))
        {
            var other = unknown.Length < names.Length ? others[Math.Max(0, Array.IndexOf(unknown, name)) % others.Count] : null;
            if ((trace["marker"]?["color"] ?? trace["line"]?["color"]) is null && (Known(name) ?? other) is { } color)
                (trace["marker"] ??= new JsonObject())["color"] = color.DeepClone();

            if ((string?)trace["type"] == "bar" && name.Split(", ")[^1] == "paper")
            {
                var marker = trace["marker"] ??= new JsonObject();
                marker["pattern"] = new JsonObject { ["shape"] = "/", ["size"] = 7, ["solidity"] = 0.35 };
                marker["line"] = new JsonObject { ["width"] = 1.2, ["color"] = marker["color"]?.DeepClone() };
            }
        }
    }

    /// <summary>A vertical axis that begins above zero is cut: a break at its foot, and where it begins in its title.</summary>
    private static void ShowBreak(JsonObject layout)
    {
        var from = (double?)layout["yaxis"]?["range"]?[0] ?? 0;
        if (from <= 0)
            return;

        var title = (string?)layout["yaxis"]!["title"]?["text"];
        layout["yaxis"]!["title"] = new JsonObject
        {
            ["text"] = FormattableString.Invariant($"{title} (axis begins at {from:0.##})"),
        };
        layout["shapes"] = new JsonArray(new JsonObject
        {
            ["type"] = "path", ["xref"] = "paper", ["yref"] = "paper", ["xanchor"] = 0, ["yanchor"] = 0,
            ["xsizemode"] = "pixel", ["ysizemode"] = "pixel", ["path"] = "M0,0 L0,11 L-5,14 L5,20 L0,23 L0,30",
            ["line"] = new JsonObject { ["width"] = 1.6, ["color"] = "#52606d" },
        });
    }

    /// <summary>Plotly.js does not count a legend's rows when it makes room for a title, so they are counted here.</summary>
    private static void PlaceLegend(JsonObject layout, JsonObject[] traces, int width, int height, int top)
    {
        const double Letter = 7.4, Mark = 48;
        const int Row = 22;
        var items = traces.Where(trace => trace["name"] is not null && (bool?)trace["showlegend"] != false)
            .Select(trace => (((string)trace["name"]!).Length * Letter) + Mark).ToArray();
        var room = width - 90;
        var columns = Math.Max(1, Math.Floor(room / items.DefaultIfEmpty(1).Max()));
        var rows = items.Length < 2 ? 0 : items.Sum() <= room ? 1 : (int)Math.Ceiling(items.Length / columns);
        layout["margin"] ??= new JsonObject { ["l"] = 60, ["r"] = 20, ["t"] = top + (rows * Row) + 6, ["b"] = 50 };
        layout["legend"] ??= new JsonObject { ["y"] = 1 - ((double)top / height) };
    }
}

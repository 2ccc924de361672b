using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>The series' names with their colours, in rows above the panels.</summary>
internal sealed class LegendBlock
{
    private const double Swatch = 20;
    private const double Gap = 18;
    private const double RowHeight = 19;

    private readonly List<(TraceSpec Trace, Ink Ink, double X, int Row, string Name)> entries = [];

    private LegendBlock(IEnumerable<(TraceSpec Trace, Ink Ink)> series, double width)
    {
        double x = 0;
        foreach (var (trace, ink) in series)
        {
            var name = TextWidth.Fit(trace.Name!, Look.LegendSize, width - Swatch - 8);
            var needs = Swatch + 6 + TextWidth.Of(name, Look.LegendSize);
            if (x > 0 && x + needs > width)
            {
                (x, Rows) = (0, Rows + 1);
            }

            entries.Add((trace, ink, x, Rows, name));
            x += needs + Gap;
        }

        Rows = entries.Count == 0 ? 0 : Rows + 1;
    }

    public int Rows { get; }

    public double Height => Rows * RowHeight;

    /// <summary>The legend of a figure: shown if it is asked for, or if there is more than one name to tell apart.</summary>
    public static LegendBlock Of(FigureSpec figure, SeriesColors colors, double width)
    {
        var series = figure.Traces
            .Where(trace => trace.Name is { Length: > 0 } && !trace.IsHeat && trace.Json.Flag("showlegend") != false)
            .Select(trace => (trace, colors.Of(trace)))
            .DistinctBy(each => (each.trace.Name, each.Item2))
            .ToArray();
        var shown = figure.ShowLegend ?? (series.Length > 1);
        return new LegendBlock(shown ? series : [], width);
    }

    public void Draw(Sketch sketch, double left, double top)
    {
        foreach (var (trace, ink, x, row, name) in entries)
        {
            var (at, y) = (left + x, top + (row * RowHeight) + (RowHeight / 2));
            Draw(sketch, trace, ink, at, y);
            sketch.Text(at + Swatch + 6, y + (Look.LegendSize * 0.36), name, Look.LegendSize, Look.Text);
        }
    }

    private static void Draw(Sketch sketch, TraceSpec trace, Ink ink, double x, double y)
    {
        if (trace.IsBars)
        {
            sketch.Fill(new Box(x + 4, y - 6, 12, 12), ink.Fade(trace.Opacity), round: 1.5);
            return;
        }

        var mode = LinePainter.Mode(trace);
        if (trace.Json.Text("fill") is not (null or "none"))
        {
            sketch.Fill(new Box(x, y - 6, Swatch, 12), trace.Json.Text("fillcolor") is { } css ? Ink.Parse(css) : ink.Fade(0.18), round: 1.5);
        }

        if (mode.Contains("lines", StringComparison.Ordinal) && trace.Json.Get("line").Number("width") is not 0)
        {
            var width = Math.Min(3, trace.Json.Get("line").Number("width") ?? 2.2);
            sketch.Line(x, y, x + Swatch, y, new Pen(ink, width, LinePainter.Dash(trace.Json.Get("line").Text("dash"), width)));
        }

        if (mode.Contains("markers", StringComparison.Ordinal))
        {
            MarkerShape.Draw(sketch, new Spot(x + (Swatch / 2), y), trace.Json.Get("marker").Texts("symbol").FirstOrDefault() ?? trace.Json.Get("marker").Text("symbol"), 7.5, ink, null);
        }
    }
}

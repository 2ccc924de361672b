using System.Text.Json;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Draws lines, points, areas, their error bars and their labels.</summary>
internal static class LinePainter
{
    public static void Areas(Sketch sketch, Plot plot, SeriesColors colors)
    {
        TraceSpec? before = null;
        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsLines))
        {
            var fill = trace.Json.Text("fill") ?? "none";
            if (fill != "none")
            {
                Area(sketch, plot, trace, before, fill, colors);
            }

            before = trace;
        }
    }

    public static void Lines(Sketch sketch, Plot plot, SeriesColors colors)
    {
        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsLines && Mode(trace).Contains("lines", StringComparison.Ordinal)))
        {
            var line = trace.Json.Get("line");
            var width = line.Number("width") ?? 2.2;
            if (width > 0)
            {
                var pen = new Pen(colors.Of(trace).Fade(trace.Opacity), width, Dash(line.Text("dash"), width));
                foreach (var run in Runs(plot, trace))
                {
                    sketch.Path(Shaped(run, line.Text("shape")), pen);
                }
            }
        }
    }

    public static void Points(Sketch sketch, Plot plot, SeriesColors colors)
    {
        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsLines))
        {
            Errors(sketch, plot, trace, colors.Of(trace));
            if (Mode(trace).Contains("markers", StringComparison.Ordinal))
            {
                Markers(sketch, plot, trace, colors.Of(trace));
            }
        }
    }

    /// <summary>How a trace is drawn: "lines", "markers", "text", joined by plus signs.</summary>
    public static string Mode(TraceSpec trace) => trace.Json.Text("mode") ?? (trace.X.Count < 20 ? "lines+markers" : "lines");

    public static IReadOnlyList<double>? Dash(string? name, double width) => name switch
    {
        "dash" => [4 * width, 2.6 * width],
        "dot" => [0.1, 2.4 * width],
        "dashdot" => [4 * width, 2.4 * width, 0.1, 2.4 * width],
        "longdash" => [7 * width, 3 * width],
        "longdashdot" => [7 * width, 2.6 * width, 0.1, 2.6 * width],
        _ => null,
    };

    private static void Area(Sketch sketch, Plot plot, TraceSpec trace, TraceSpec? before, string fill, SeriesColors colors)
    {
        var edge = Shaped([.. Runs(plot, trace).SelectMany(run => run)], trace.Json.Get("line").Text("shape"));
        if (edge.Count == 0)
        {
            return;
        }

        var ink = trace.Json.Text("fillcolor") is { } css ? Ink.Parse(css) : colors.Of(trace).Fade(0.18);
        var ground = fill.StartsWith("tonext", StringComparison.Ordinal) && before is not null
            ? Shaped([.. Runs(plot, before).SelectMany(run => run)], before.Json.Get("line").Text("shape")).Reverse()
            : [new Spot(edge[^1].X, Ground(plot)), new Spot(edge[0].X, Ground(plot))];
        sketch.Shape([.. edge, .. ground], ink);
    }

    private static double Ground(Plot plot) => double.IsFinite(plot.Y(0)) ? Math.Clamp(plot.Y(0), plot.Area.Y, plot.Area.Bottom) : plot.Area.Bottom;

    /// <summary>The line's stretches between values that are missing.</summary>
    private static IEnumerable<IReadOnlyList<Spot>> Runs(Plot plot, TraceSpec trace)
    {
        var run = new List<Spot>();
        for (var i = 0; i < Math.Min(trace.X.Count, trace.Y.Count); i++)
        {
            var (x, y) = (plot.X(trace.X[i]), plot.Y(trace.Y[i]));
            if (double.IsFinite(x) && double.IsFinite(y))
            {
                run.Add(new Spot(x, y));
            }
            else if (run.Count > 0)
            {
                yield return run;
                run = [];
            }
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }

    private static IReadOnlyList<Spot> Shaped(IReadOnlyList<Spot> run, string? shape) => shape switch
    {
        "hv" => [.. run.Take(1), .. run.Skip(1).SelectMany((spot, i) => (Spot[])[new Spot(spot.X, run[i].Y), spot])],
        "vh" => [.. run.Take(1), .. run.Skip(1).SelectMany((spot, i) => (Spot[])[new Spot(run[i].X, spot.Y), spot])],
        "spline" => Spline(run),
        _ => run,
    };

    /// <summary>A smooth curve through the points (Catmull and Rom).</summary>
    private static IReadOnlyList<Spot> Spline(IReadOnlyList<Spot> run)
    {
        if (run.Count < 3)
        {
            return run;
        }

        const int Steps = 12;
        var curve = new List<Spot> { run[0] };
        for (var i = 0; i + 1 < run.Count; i++)
        {
            var (a, b, c, d) = (run[Math.Max(0, i - 1)], run[i], run[i + 1], run[Math.Min(run.Count - 1, i + 2)]);
            for (var step = 1; step <= Steps; step++)
            {
                var t = step / (double)Steps;
                curve.Add(new Spot(Between(a.X, b.X, c.X, d.X, t), Between(a.Y, b.Y, c.Y, d.Y, t)));
            }
        }

        return curve;
    }

    private static double Between(double a, double b, double c, double d, double t) =>
        0.5 * ((2 * b) + ((c - a) * t) + (((2 * a) - (5 * b) + (4 * c) - d) * t * t) + (((3 * b) - a - (3 * c) + d) * t * t * t));

    private static void Errors(Sketch sketch, Plot plot, TraceSpec trace, Ink ink)
    {
        var (across, up) = (ErrorBars.Of(trace, "error_x"), ErrorBars.Of(trace, "error_y"));
        for (var i = 0; i < Math.Min(trace.X.Count, trace.Y.Count); i++)
        {
            var (x, y) = (plot.X(trace.X[i]), plot.Y(trace.Y[i]));
            if (up.Any)
            {
                Upright(sketch, x, plot.Y(trace.Y[i].Number + up.Above(i)), plot.Y(trace.Y[i].Number - up.Below(i)), up.Json, ink);
            }

            if (across.Any)
            {
                Lying(sketch, y, plot.X(trace.X[i].Number - across.Below(i)), plot.X(trace.X[i].Number + across.Above(i)), across.Json, ink);
            }
        }
    }

    public static void Upright(Sketch sketch, double x, double top, double bottom, JsonElement? json, Ink ink)
    {
        if (double.IsFinite(x + top + bottom))
        {
            var (pen, cap) = ErrorPen(json, ink);
            sketch.Line(x, top, x, bottom, pen);
            sketch.Line(x - cap, top, x + cap, top, pen);
            sketch.Line(x - cap, bottom, x + cap, bottom, pen);
        }
    }

    public static void Lying(Sketch sketch, double y, double left, double right, JsonElement? json, Ink ink)
    {
        if (double.IsFinite(y + left + right))
        {
            var (pen, cap) = ErrorPen(json, ink);
            sketch.Line(left, y, right, y, pen);
            sketch.Line(left, y - cap, left, y + cap, pen);
            sketch.Line(right, y - cap, right, y + cap, pen);
        }
    }

    private static (Pen Pen, double Cap) ErrorPen(JsonElement? json, Ink ink) =>
        (new Pen(json.Text("color") is { } css ? Ink.Parse(css) : ink.Fade(0.8), json.Number("thickness") ?? 1.4), json.Number("width") ?? 3.5);

    private static void Markers(Sketch sketch, Plot plot, TraceSpec trace, Ink ink)
    {
        var marker = trace.Json.Get("marker");
        var (sizes, inks, opacities, symbols) = (marker.Data("size"), Inks(marker), marker.Data("opacity"), marker.Texts("symbol"));
        var outline = marker.Get("line") is { } line
            ? new Pen(((JsonElement?)line).Text("color") is { } css ? Ink.Parse(css) : Look.Text, ((JsonElement?)line).Number("width") ?? 1)
            : new Pen(Ink.White, 0.8);
        for (var i = 0; i < Math.Min(trace.X.Count, trace.Y.Count); i++)
        {
            var at = new Spot(plot.X(trace.X[i]), plot.Y(trace.Y[i]));
            if (!double.IsFinite(at.X + at.Y) || !plot.Area.Grown(1).Holds(at))
            {
                continue;
            }

            var opacity = trace.Opacity * (i < opacities.Count ? opacities[i].Number : marker.Number("opacity") ?? 1);
            var own = (i < inks.Count ? inks[i] : ink).Fade(opacity);
            var symbol = symbols.Count > 0 ? symbols[Math.Min(i, symbols.Count - 1)] : marker.Text("symbol");
            MarkerShape.Draw(sketch, at, symbol, i < sizes.Count ? sizes[i].Number : marker.Number("size") ?? 7, own, opacity < 1 ? null : outline);
        }
    }

    /// <summary>Colours of single points: written as colours, or as numbers on a colour scale.</summary>
    private static IReadOnlyList<Ink> Inks(JsonElement? marker)
    {
        var values = marker.Data("color");
        if (values.Count == 0 || values.Any(value => value.Text is not null))
        {
            return [.. values.Where(value => value.Text is not null).Select(value => Ink.Parse(value.Text!))];
        }

        var scale = ColorScale.Of(marker, reversed: marker.Flag("reversescale") ?? false);
        var (low, high) = (marker.Number("cmin") ?? values.Min(value => value.Number), marker.Number("cmax") ?? values.Max(value => value.Number));
        return [.. values.Select(value => scale.At(high > low ? (value.Number - low) / (high - low) : 0.5))];
    }
}

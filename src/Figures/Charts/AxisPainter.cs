using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Draws a panel's ground: grid lines, axes, ticks and titles; and says how much room they need.</summary>
internal static class AxisPainter
{
    private const double TickGap = 6;
    private const double Slant = 38;
    private const double LongestSlanted = 150;

    /// <summary>Room left of the panel for the labels and the title of its y axis.</summary>
    public static double Left(Plot plot)
    {
        var labels = plot.Panel.Y.ShowLabels ? YTicks(plot).Select(tick => TextWidth.Of(tick.Label, Look.TickSize)).DefaultIfEmpty(0).Max() + TickGap + 2 : 4;
        return Math.Max(Math.Min(labels, 190) + (plot.Panel.Y.Title is null ? 2 : Look.AxisTitleSize + 8), SlantedOverhang(plot));
    }

    /// <summary>How far the slanted labels below the panel reach out to its left.</summary>
    private static double SlantedOverhang(Plot plot)
    {
        if (!plot.Panel.X.ShowLabels || XLabels(plot) is not { Slanted: true } rows)
        {
            return 0;
        }

        var lean = Math.Cos(Slant * Math.PI / 180);
        return rows.Labels.Max(label => (TextWidth.Of(label.Lines[0], Look.TickSize) * lean) - (label.At * plot.Area.Width));
    }

    /// <summary>Room below the panel for the labels and the title of its x axis.</summary>
    public static double Bottom(Plot plot)
    {
        var labels = plot.Panel.X.ShowLabels ? XLabels(plot).Height + TickGap : 4;
        return labels + (plot.Panel.X.Title is null ? 2 : Look.AxisTitleSize + 9);
    }

    public static void Ground(Sketch sketch, Plot plot)
    {
        var area = plot.Area;
        if (plot.Panel.HasHeat)
        {
            return;
        }

        var pen = new Pen(Look.Grid, 1);
        var bars = plot.Scales.Bars.Count > 0;
        var lying = plot.Panel.Traces.Any(trace => trace.IsBars && PanelScales.Lies(trace));
        if (plot.Panel.Y.ShowGrid ?? (plot.Scales.Y.IsNumeric && !lying))
        {
            foreach (var tick in YTicks(plot))
            {
                sketch.Line(area.X, Row(area, tick.At), area.Right, Row(area, tick.At), pen);
            }
        }

        if (plot.Panel.X.ShowGrid ?? (plot.Scales.X.IsNumeric && (!bars || lying)))
        {
            foreach (var tick in XTicks(plot))
            {
                sketch.Line(area.X + (tick.At * area.Width), area.Y, area.X + (tick.At * area.Width), area.Bottom, pen);
            }
        }
    }

    public static void Axes(Sketch sketch, Plot plot)
    {
        var (area, pen) = (plot.Area, new Pen(Look.Axis, 1));
        if (!plot.Panel.HasHeat)
        {
            var lying = plot.Panel.Traces.Any(trace => trace.IsBars && PanelScales.Lies(trace));
            var (zeroX, zeroY) = (plot.Scales.X is LinearScale ? plot.X(0) : double.NaN, plot.Scales.Y is LinearScale ? plot.Y(0) : double.NaN);
            if (lying)
            {
                var x = zeroX > area.X && zeroX < area.Right ? zeroX : area.X;
                sketch.Line(x, area.Y, x, area.Bottom, pen);
            }
            else
            {
                sketch.Line(area.X, area.Bottom, area.Right, area.Bottom, pen);
                if (plot.Panel.Y.ZeroLine && zeroY > area.Y + 1 && zeroY < area.Bottom - 1)
                {
                    sketch.Line(area.X, zeroY, area.Right, zeroY, pen);
                }
            }
        }

        Labels(sketch, plot);
        Titles(sketch, plot);
    }

    private static double Row(Box area, double at) => area.Bottom - (at * area.Height);

    private static IReadOnlyList<Tick> YTicks(Plot plot)
    {
        var ticks = Fixed(plot.Panel.Y, plot.Scales.Y) ?? plot.Scales.Y.Ticks(Math.Clamp((int)(plot.Area.Height / 42), 2, 8));
        return Shown(ticks, plot.Area.Height, Counts(plot.Scales.Y, ticks) ? Look.TickSize * 1.7 : Look.TickSize + 2);
    }

    /// <summary>Whether the words of an axis are numbers: then some may be left out generously.</summary>
    private static bool Counts(Scale scale, IReadOnlyList<Tick> ticks) => !scale.IsNumeric && ticks.Count > 0 && ticks.All(tick => double.TryParse(tick.Label, out _));

    private static IReadOnlyList<Tick> XTicks(Plot plot)
    {
        if (Fixed(plot.Panel.X, plot.Scales.X) is { } given)
        {
            return given;
        }

        // Fewer and fewer until their labels stand apart.
        for (var about = Math.Clamp((int)(plot.Area.Width / 56), 2, 12); about > 1; about--)
        {
            var ticks = plot.Scales.X.Ticks(about);
            var widest = ticks.Select(tick => TextWidth.Of(tick.Label, Look.TickSize)).DefaultIfEmpty(0).Max();
            if (!plot.Scales.X.IsNumeric || ticks.Count < 2 || (widest + 10) * ticks.Count(tick => tick.Label.Length > 0) <= plot.Area.Width + widest)
            {
                return ticks;
            }
        }

        return plot.Scales.X.Ticks(1);
    }

    private static IReadOnlyList<Tick>? Fixed(AxisSpec axis, Scale scale) => axis.Ticks.Count == 0
        ? null
        : [.. axis.Ticks.Select(tick => new Tick(scale.Place(tick.At), tick.Label)).Where(tick => tick.At is >= -1e-9 and <= 1 + 1e-9)];

    /// <summary>Where labels would touch, every second, fifth, tenth and so on is shown.</summary>
    private static IReadOnlyList<Tick> Shown(IReadOnlyList<Tick> ticks, double length, double needs)
    {
        if (ticks.Count < 2)
        {
            return ticks;
        }

        var apart = length * Math.Abs(ticks[^1].At - ticks[0].At) / (ticks.Count - 1);
        var every = needs <= apart ? 1 : (int)NiceStep.For(needs / Math.Max(apart, 0.1), 1);
        return every == 1 ? ticks : [.. ticks.Where((_, i) => i % every == 0)];
    }

    private sealed record LabelRows(IReadOnlyList<(double At, IReadOnlyList<string> Lines)> Labels, bool Slanted, double Height);

    /// <summary>How the labels below the panel are written: in one line, wrapped, or slanted.</summary>
    private static LabelRows XLabels(Plot plot)
    {
        var ticks = XTicks(plot);
        if (plot.Scales.X is not CategoryScale words)
        {
            return Level(ticks, 1000);
        }

        var slot = plot.Area.Width / words.Count;
        if (Counts(plot.Scales.X, ticks))
        {
            return Level(Shown(ticks, plot.Area.Width, ticks.Max(tick => TextWidth.Of(tick.Label, Look.TickSize)) + 6), 1000);
        }

        var level = Level(ticks, slot - 4);
        if (level.Labels.All(label => label.Lines.Count <= 3 && label.Lines.All(line => TextWidth.Of(line, Look.TickSize) <= slot - 4)))
        {
            return level;
        }

        var shown = Shown(ticks, plot.Area.Width, Look.TickSize + 3);
        var cut = shown.Select(tick => (tick.At, (IReadOnlyList<string>)[TextWidth.Fit(tick.Label, Look.TickSize, LongestSlanted)])).ToArray();
        var longest = cut.Select(label => TextWidth.Of(label.Item2[0], Look.TickSize)).DefaultIfEmpty(0).Max();
        return new LabelRows(cut, true, (longest * Math.Sin(Slant * Math.PI / 180)) + Look.TickSize);
    }

    private static LabelRows Level(IReadOnlyList<Tick> ticks, double width)
    {
        var labels = ticks.Select(tick => (tick.At, TextWidth.Wrap(tick.Label, Look.TickSize, width))).ToArray();
        if (labels.Any(label => label.Item2.Count > 1) && ticks.All(tick => tick.Label.Count(letter => letter == ' ') == 1))
        {
            // "layer 9" beside "layer 10": if one of them needs two lines, all have two.
            labels = [.. ticks.Select(tick => (tick.At, (IReadOnlyList<string>)tick.Label.Split(' ')))];
        }

        return new LabelRows(labels, false, labels.Select(label => label.Item2.Count).DefaultIfEmpty(1).Max() * Look.TickSize * 1.2);
    }

    private static void Labels(Sketch sketch, Plot plot)
    {
        var area = plot.Area;
        if (plot.Panel.Y.ShowLabels)
        {
            foreach (var tick in YTicks(plot))
            {
                sketch.Text(area.X - TickGap, Row(area, tick.At) + (Look.TickSize * 0.36), TextWidth.Fit(tick.Label, Look.TickSize, 184), Look.TickSize, Look.Quiet, Anchor.End);
            }
        }

        if (!plot.Panel.X.ShowLabels)
        {
            return;
        }

        var rows = XLabels(plot);
        foreach (var (at, lines) in rows.Labels)
        {
            var x = area.X + (at * area.Width);
            for (var i = 0; i < lines.Count; i++)
            {
                var y = area.Bottom + TickGap + (Look.TickSize * (0.85 + (1.2 * i)));
                sketch.Text(rows.Slanted ? x + 4 : x, y, lines[i], Look.TickSize, Look.Quiet, rows.Slanted ? Anchor.End : Anchor.Middle, turn: rows.Slanted ? -Slant : 0);
            }
        }
    }

    private static void Titles(Sketch sketch, Plot plot)
    {
        var area = plot.Area;
        if (plot.Panel.Y.Title is { } y)
        {
            var x = area.X - Left(plot) + Look.AxisTitleSize;
            sketch.Text(x, area.CenterY, TextWidth.Fit(y, Look.AxisTitleSize, area.Height + 30), Look.AxisTitleSize, Look.Text, Anchor.Middle, turn: -90);
        }

        if (plot.Panel.X.Title is { } text)
        {
            sketch.Text(area.CenterX, area.Bottom + Bottom(plot) - 5, TextWidth.Fit(text, Look.AxisTitleSize, area.Width + 40), Look.AxisTitleSize, Look.Text, Anchor.Middle);
        }
    }
}

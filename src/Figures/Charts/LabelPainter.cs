using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Writes the labels of points and the notes on a panel.</summary>
internal static class LabelPainter
{
    private const double Size = 11;

    public static void Draw(Sketch sketch, Plot plot, SeriesColors colors)
    {
        // Labels may stand out a little above the panel, but not over the labels of its axes.
        var placer = new LabelPlacer(plot.Area with { Y = plot.Area.Y - 8, Height = plot.Area.Height + 8 });
        foreach (var (_, at) in Points(plot))
        {
            placer.Take(new Box(at.X - 4, at.Y - 4, 8, 8));
        }

        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsLines && LinePainter.Mode(trace).Contains("lines", StringComparison.Ordinal)))
        {
            var spots = trace.X.Zip(trace.Y, (x, y) => new Spot(plot.X(x), plot.Y(y))).Where(spot => double.IsFinite(spot.X + spot.Y)).ToArray();
            for (var i = 1; i < spots.Length; i++)
            {
                placer.Avoid(spots[i - 1], spots[i]);
            }
        }

        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsLines && LinePainter.Mode(trace).Contains("text", StringComparison.Ordinal)))
        {
            Labels(sketch, plot, trace, colors.Of(trace), placer);
        }

        foreach (var note in plot.Panel.Notes)
        {
            Note(sketch, plot, note);
        }
    }

    private static IEnumerable<(TraceSpec Trace, Spot At)> Points(Plot plot) =>
        from trace in plot.Panel.Traces
        where trace.IsLines && LinePainter.Mode(trace).Contains("markers", StringComparison.Ordinal)
        from i in Enumerable.Range(0, Math.Min(trace.X.Count, trace.Y.Count))
        let at = new Spot(plot.X(trace.X[i]), plot.Y(trace.Y[i]))
        where double.IsFinite(at.X + at.Y)
        select (trace, at);

    private static void Labels(Sketch sketch, Plot plot, TraceSpec trace, Ink ink, LabelPlacer placer)
    {
        var (texts, wished) = (trace.Json.Texts("text"), trace.Json.Texts("textposition"));
        for (var i = 0; i < Math.Min(trace.X.Count, trace.Y.Count); i++)
        {
            var text = texts.Count == 1 ? texts[0] : i < texts.Count ? texts[i] : "";
            var at = new Spot(plot.X(trace.X[i]), plot.Y(trace.Y[i]));
            if (text.Length == 0 || !double.IsFinite(at.X + at.Y))
            {
                continue;
            }

            var gap = LinePainter.Mode(trace).Contains("markers", StringComparison.Ordinal) ? 6 : 2;
            var box = placer.Put(at, TextWidth.Of(text, Size), Size + 2, wished.Count > 0 ? wished[Math.Min(i, wished.Count - 1)] : null, gap);
            Lead(sketch, at, box, gap, ink);
            sketch.Text(box.CenterX, box.Bottom - 3, text, Size, ink.Mix(Look.Title, 0.35) with { A = 1 }, Anchor.Middle);
        }
    }

    /// <summary>A label that had to move away from its point keeps a thin line to it.</summary>
    private static void Lead(Sketch sketch, Spot at, Box box, double gap, Ink ink)
    {
        var near = new Spot(Math.Clamp(at.X, box.X, box.Right), Math.Clamp(at.Y, box.Y + 2, box.Bottom - 2));
        if (Math.Sqrt(Math.Pow(near.X - at.X, 2) + Math.Pow(near.Y - at.Y, 2)) > gap * 1.8)
        {
            sketch.Line(at.X, at.Y, near.X, near.Y, new Pen(ink.Fade(0.5), 0.8));
        }
    }

    private static void Note(Sketch sketch, Plot plot, NoteSpec note)
    {
        var (x, y) = (plot.X(note.X), plot.Y(note.Y));
        if (note.Text.Length == 0 || !double.IsFinite(x + y))
        {
            return;
        }

        var ink = note.Color is { } css ? Ink.Parse(css) : plot.Panel.HasHeat ? HeatPainter.Contrast(plot, note) : Look.Text;
        var anchor = note.XAnchor switch { "left" => Anchor.Start, "right" => Anchor.End, _ => Anchor.Middle };
        var lines = note.Text.Split('\n');
        var size = plot.Panel.HasHeat ? Fitting(plot, note, lines) : note.Size;
        for (var i = 0; i < lines.Length; i++)
        {
            sketch.Text(x, y + (size * 0.36) + ((i - ((lines.Length - 1) / 2.0)) * size * 1.2), lines[i], size, ink, anchor);
        }
    }

    /// <summary>Numbers in cells get smaller with the cells.</summary>
    private static double Fitting(Plot plot, NoteSpec note, string[] lines)
    {
        var cell = plot.Area.Width / ((CategoryScale)plot.Scales.X).Count;
        var widest = lines.Max(line => TextWidth.Of(line, note.Size));
        return Math.Clamp(note.Size * (cell - 3) / widest, 6, note.Size);
    }
}

using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Draws heat maps, their colour bars and what is written in their cells.</summary>
internal static class HeatPainter
{
    /// <summary>Cells smaller than this many pixels are drawn as one picture.</summary>
    private const double Tiny = 3;

    private const int BarSteps = 48;

    public static void Draw(Sketch sketch, Plot plot)
    {
        foreach (var trace in plot.Panel.Traces.Where(trace => trace.IsHeat))
        {
            var heat = Read(trace);
            var (width, height) = Cell(plot);
            if (Math.Min(width, height) < Tiny)
            {
                Picture(sketch, plot, heat);
            }
            else
            {
                Cells(sketch, plot, trace, heat, width, height);
            }
        }
    }

    /// <summary>The colour bar to the right of its panel.</summary>
    public static void Bar(Sketch sketch, Plot plot)
    {
        if (plot.Panel.Traces.FirstOrDefault(HasBar) is not { } trace)
        {
            return;
        }

        var heat = Read(trace);
        var box = new Box(plot.Area.Right + 14, plot.Area.Y, 11, plot.Area.Height);
        for (var i = 0; i < BarSteps; i++)
        {
            // Steps overlap a little, so that no seam shows between them.
            var y = box.Bottom - ((i + 1) * box.Height / BarSteps);
            sketch.Fill(new Box(box.X, y, box.Width, (box.Height / BarSteps) + (i == 0 ? 0 : 0.6)), heat.Scale.At((i + 0.5) / BarSteps));
        }

        foreach (var tick in new LinearScale(heat.Low, heat.High).Ticks(Math.Clamp((int)(box.Height / 44), 2, 6)))
        {
            sketch.Text(box.Right + 5, box.Bottom - (tick.At * box.Height) + 4, tick.Label, Look.TickSize - 0.5, Look.Quiet);
        }

        if (trace.Json.Get("colorbar").Title() is { } title)
        {
            sketch.Text(box.X, box.Y - 11, title, Look.TickSize, Look.Text);
        }
    }

    /// <summary>Room the colour bar needs beside its panel.</summary>
    public static double BarWidth(Panel panel)
    {
        if (panel.Traces.FirstOrDefault(HasBar) is not { } trace)
        {
            return 0;
        }

        var heat = Read(trace);
        var labels = new LinearScale(heat.Low, heat.High).Ticks(6).Select(tick => TextWidth.Of(tick.Label, Look.TickSize));
        var title = trace.Json.Get("colorbar").Title() is { } text ? TextWidth.Of(text, Look.TickSize) - 16 : 0;
        return 32 + Math.Max(labels.DefaultIfEmpty(20).Max(), title);
    }

    private static bool HasBar(TraceSpec trace) => trace.IsHeat && trace.Json.Flag("showscale") != false;

    private static Heat Read(TraceSpec trace)
    {
        var rows = trace.Json.Items("z").Select(row => row.EnumerateArray().Select(cell => Datum.Of(cell).Number).ToArray()).ToArray();
        var finite = rows.SelectMany(row => row).Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (trace.Json.Number("zmin") ?? finite.Min(), trace.Json.Number("zmax") ?? finite.Max());
        return new Heat(rows, low, high > low ? high : low + 1, ColorScale.Of(trace.Json, reversed: trace.Json.Flag("reversescale") ?? false));
    }

    private static (double Width, double Height) Cell(Plot plot) =>
        (plot.Area.Width / ((CategoryScale)plot.Scales.X).Count, plot.Area.Height / ((CategoryScale)plot.Scales.Y).Count);

    private static void Cells(Sketch sketch, Plot plot, TraceSpec trace, Heat heat, double width, double height)
    {
        var (gapX, gapY) = (trace.Json.Number("xgap") ?? (width > 14 ? 1 : 0), trace.Json.Number("ygap") ?? (height > 14 ? 1 : 0));

        // Cells without a gap overlap by a hair: no seam of the background may show.
        var (lapX, lapY) = (gapX == 0 ? -0.4 : gapX, gapY == 0 ? -0.4 : gapY);
        for (var row = 0; row < heat.Rows.Length; row++)
        {
            for (var column = 0; column < heat.Rows[row].Length; column++)
            {
                var (x, y) = (plot.X(At(trace.X, column)), plot.Y(At(trace.Y, row)));
                sketch.Fill(new Box(x - ((width - lapX) / 2), y - ((height - lapY) / 2), width - lapX, height - lapY), heat.Ink(row, column));
            }
        }
    }

    private static Datum At(IReadOnlyList<Datum> labels, int index) => index < labels.Count ? labels[index] : Datum.Of(index);

    private static void Picture(Sketch sketch, Plot plot, Heat heat)
    {
        var (width, height) = (heat.Rows.Max(row => row.Length), heat.Rows.Length);
        var upwards = plot.Scales.Y.Place(0) < 0.5;
        var bytes = new byte[3 * width * height];
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < heat.Rows[row].Length; column++)
            {
                var ink = heat.Ink(row, column);
                var at = 3 * (((upwards ? height - 1 - row : row) * width) + column);
                (bytes[at], bytes[at + 1], bytes[at + 2]) = (ink.R, ink.G, ink.B);
            }
        }

        sketch.Picture(plot.Area, Raster.Rgb(bytes, width, height), smooth: false);
    }

    /// <summary>A colour that is read on the cell under a place of the panel.</summary>
    public static Ink Contrast(Plot plot, NoteSpec note)
    {
        var trace = plot.Panel.Traces.First(each => each.IsHeat);
        var heat = Read(trace);
        var (column, row) = (Cell(trace.X, note.X), Cell(trace.Y, note.Y));
        return row >= 0 && row < heat.Rows.Length && column >= 0 && column < heat.Rows[row].Length && heat.Ink(row, column).Luminance < 0.55 ? Ink.White : Look.Title;
    }

    private static int Cell(IReadOnlyList<Datum> labels, Datum at) => at.Text is null ? (int)at.Number : labels.Select(label => label.Label).ToList().IndexOf(at.Text);

    private sealed record Heat(double[][] Rows, double Low, double High, ColorScale Scale)
    {
        public Ink Ink(int row, int column) => double.IsFinite(Rows[row][column]) ? Scale.At((Rows[row][column] - Low) / (High - Low)) : Look.Empty;
    }
}

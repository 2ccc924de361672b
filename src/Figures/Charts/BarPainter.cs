using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Draws bars and columns, their error bars and what is written on them.</summary>
internal static class BarPainter
{
    public static void Draw(Sketch sketch, Plot plot, SeriesColors colors)
    {
        sketch.Within(plot.Area, () =>
        {
            foreach (var bar in plot.Scales.Bars)
            {
                var marker = bar.Trace.Json.Get("marker");
                var inks = marker.Texts("color");
                var ink = inks.Count > 1 && bar.Index < inks.Count ? Ink.Parse(inks[bar.Index]) : colors.Of(bar.Trace);
                var shown = ink.Fade(bar.Trace.Opacity * (marker.Number("opacity") ?? 1));
                sketch.Fill(Place(plot, bar), shown, bar.Trace.Type == "histogram" ? new Pen(Ink.White, 0.8) : null);
            }
        });
        foreach (var bar in plot.Scales.Bars)
        {
            Errors(sketch, plot, bar);
            Label(sketch, plot, bar, colors.Of(bar.Trace));
        }
    }

    private static Box Place(Plot plot, Bar bar)
    {
        var lying = PanelScales.Lies(bar.Trace);
        var (from, to) = lying ? (plot.Y(bar.From), plot.Y(bar.To)) : (plot.X(bar.From), plot.X(bar.To));
        var (low, high) = lying ? (plot.X(bar.Low), plot.X(bar.High)) : (plot.Y(bar.Low), plot.Y(bar.High));

        // On a logarithmic axis a bar has no foot: it stands on the panel's edge.
        low = double.IsFinite(low) ? low : lying ? plot.Area.X : plot.Area.Bottom;
        var (start, end) = (Math.Min(from, to), Math.Max(from, to));
        var (foot, head) = (Math.Min(low, high), Math.Max(low, high));
        return lying ? new Box(foot, start, head - foot, end - start) : new Box(start, foot, end - start, head - foot);
    }

    private static void Errors(Sketch sketch, Plot plot, Bar bar)
    {
        var lying = PanelScales.Lies(bar.Trace);
        var errors = ErrorBars.Of(bar.Trace, lying ? "error_x" : "error_y");
        if (!errors.Any)
        {
            return;
        }

        var box = Place(plot, bar);
        var (more, less) = (bar.High + errors.Above(bar.Index), bar.High - errors.Below(bar.Index));
        if (lying)
        {
            LinePainter.Lying(sketch, box.CenterY, plot.X(less), plot.X(more), errors.Json, Look.Text);
        }
        else
        {
            LinePainter.Upright(sketch, box.CenterX, plot.Y(more), plot.Y(less), errors.Json, Look.Text);
        }
    }

    private static void Label(Sketch sketch, Plot plot, Bar bar, Ink ink)
    {
        var texts = bar.Trace.Json.Texts("text");
        var text = texts.Count == 1 ? texts[0] : bar.Index < texts.Count ? texts[bar.Index] : "";
        if (text.Length == 0 || bar.Trace.Json.Text("textposition") == "none")
        {
            return;
        }

        const double Size = 11;
        var box = Place(plot, bar);
        var lying = PanelScales.Lies(bar.Trace);
        var room = lying ? box.Width : box.Height;
        var needed = lying ? TextWidth.Of(text, Size) + 10 : Size + 8;
        var inside = bar.Trace.Json.Text("textposition") is "inside" || (bar.Trace.Json.Text("textposition") is not "outside" && room >= needed && TextWidth.Of(text, Size) <= (lying ? room : box.Width + 4));
        var light = inside && ink.Luminance < 0.6 ? Ink.White : Look.Text;
        if (lying)
        {
            sketch.Text(inside ? box.Right - 5 : box.Right + 5, box.CenterY + (Size * 0.36), text, Size, light, inside ? Anchor.End : Anchor.Start);
        }
        else
        {
            var under = bar.High < bar.Low;
            var y = inside ? (under ? box.Bottom - 5 : box.Y + Size + 3) : under ? box.Bottom + Size + 2 : box.Y - 4 - ErrorRoom(plot, bar);
            sketch.Text(box.CenterX, y, text, Size, light, Anchor.Middle);
        }
    }

    private static double ErrorRoom(Plot plot, Bar bar)
    {
        var errors = ErrorBars.Of(bar.Trace, "error_y");
        return errors.Any ? plot.Y(bar.High) - plot.Y(bar.High + errors.Above(bar.Index)) : 0;
    }
}

using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>
/// Draws a figure from its JSON, without a script or a browser: lines, points, areas, bars, histograms and heat maps, alone or in a grid.
/// The same figure gives the same drawing.
/// </summary>
internal static class ChartPainter
{
    private const double Edge = 12;
    private const double PanelGap = 16;

    /// <summary>The figure's drawing and its title.</summary>
    /// <exception cref="ArgumentException">The JSON is no figure, or holds a chart, colour or scale that is not drawn here.</exception>
    public static (Sketch Sketch, string Title) Draw(string json)
    {
        var figure = FigureSpec.Read(json);
        var sketch = new Sketch(figure.Width, figure.Height);
        sketch.Fill(new Box(0, 0, figure.Width, figure.Height), Ink.White);
        var panels = Panel.Of(figure);
        var colors = new SeriesColors(panels);
        var top = Title(sketch, figure);
        var legend = LegendBlock.Of(figure, colors, figure.Width - (2 * Edge));
        legend.Draw(sketch, Edge + 2, top);
        top += legend.Rows > 0 ? legend.Height + 8 : 0;
        var area = new Box(Edge, top, figure.Width - (2 * Edge), figure.Height - top - 8);
        foreach (var plot in Place(figure, panels, area))
        {
            Draw(sketch, plot, colors);
        }

        return (sketch, Plain(figure.Title) ?? Description(panels));
    }

    private static double Title(Sketch sketch, FigureSpec figure)
    {
        if (Plain(figure.Title) is not { Length: > 0 } title)
        {
            return Edge;
        }

        var lines = TextWidth.Wrap(title, Look.TitleSize, figure.Width - (2 * Edge), bold: true);
        for (var i = 0; i < lines.Count; i++)
        {
            sketch.Text(Edge + 2, Edge + (Look.TitleSize * (0.95 + (1.25 * i))), lines[i], Look.TitleSize, Look.Title, bold: true);
        }

        return Edge + (lines.Count * Look.TitleSize * 1.25) + 8;
    }

    private static string Description(IReadOnlyList<Panel> panels)
    {
        var names = panels.SelectMany(panel => panel.Traces).Select(trace => trace.Name).OfType<string>().Distinct().ToArray();
        return names.Length > 0 ? $"chart of {string.Join(", ", names)}" : "chart";
    }

    /// <summary>Titles may hold a little HTML: line breaks count, the rest is taken away.</summary>
    private static string? Plain(string? html)
    {
        if (html is null || !html.Contains('<', StringComparison.Ordinal))
        {
            return html;
        }

        var text = System.Text.RegularExpressions.Regex.Replace(html, "<br */?>", "\n");
        return System.Text.RegularExpressions.Regex.Replace(text, "</?[a-zA-Z]+[^>]*>", "");
    }

    /// <summary>Panels of a row share their upper and lower margins, panels of a column the left and right ones: their edges line up.</summary>
    private static IEnumerable<Plot> Place(FigureSpec figure, IReadOnlyList<Panel> panels, Box area)
    {
        var (rows, columns) = figure.Grid;
        var cell = new Box(0, 0, (area.Width - (PanelGap * (columns - 1))) / columns, (area.Height - (PanelGap * (rows - 1))) / rows);
        var scaled = panels.Select(panel => (Panel: panel, Scales: PanelScales.Of(panel, figure.BarMode))).ToArray();

        // Which labels there are depends on the room, and the room on the labels: the second pass settles it.
        var margins = scaled.ToDictionary(each => each.Panel, _ => new Margins(50, 20, 16, 40));
        for (var pass = 0; pass < 2; pass++)
        {
            var measured = scaled.ToDictionary(each => each.Panel, each => Measure(new Plot(each.Panel, each.Scales, margins[each.Panel].Inside(cell))));
            margins = panels.ToDictionary(panel => panel, panel => new Margins(
                measured.Where(each => each.Key.Column == panel.Column).Max(each => each.Value.Left),
                measured.Where(each => each.Key.Row == panel.Row).Max(each => each.Value.Top),
                measured.Where(each => each.Key.Column == panel.Column).Max(each => each.Value.Right),
                measured.Where(each => each.Key.Row == panel.Row).Max(each => each.Value.Bottom)));
        }

        foreach (var (panel, scales) in scaled)
        {
            var box = cell with { X = area.X + (panel.Column * (cell.Width + PanelGap)), Y = area.Y + (panel.Row * (cell.Height + PanelGap)) };
            yield return new Plot(panel, scales, margins[panel].Inside(box));
        }
    }

    private static Margins Measure(Plot plot) => new(
        AxisPainter.Left(plot),
        plot.Panel.Title.Length > 0 ? 24 : plot.Panel.Traces.Any(trace => trace.Json.Get("colorbar").Title() is not null) ? 20 : 8,
        Math.Max(10, HeatPainter.BarWidth(plot.Panel)),
        AxisPainter.Bottom(plot));

    private static void Draw(Sketch sketch, Plot plot, SeriesColors colors)
    {
        if (plot.Panel.Title.Length > 0)
        {
            sketch.Text(plot.Area.CenterX, plot.Area.Y - 9, Plain(plot.Panel.Title)!, Look.PanelTitleSize, Look.Title, Anchor.Middle, bold: true);
        }

        AxisPainter.Ground(sketch, plot);
        HeatPainter.Draw(sketch, plot);
        HeatPainter.Bar(sketch, plot);
        sketch.Within(plot.Area, () => LinePainter.Areas(sketch, plot, colors));
        BarPainter.Draw(sketch, plot, colors);
        AxisPainter.Axes(sketch, plot);
        sketch.Within(plot.Area.Grown(1.5), () => LinePainter.Lines(sketch, plot, colors));
        LinePainter.Points(sketch, plot, colors);
        LabelPainter.Draw(sketch, plot, colors);
    }

    private sealed record Margins(double Left, double Top, double Right, double Bottom)
    {
        public Box Inside(Box cell) => new(cell.X + Left, cell.Y + Top, Math.Max(20, cell.Width - Left - Right), Math.Max(20, cell.Height - Top - Bottom));
    }
}

using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures;

/// <summary>Attention maps of learnable tokens, laid over the image they look at.</summary>
public static class AttentionOverlay
{
    private const double Edge = 12;
    private const double Gap = 10;

    /// <summary>Draws one panel for each map: the image in grey, warm where the weight is high. Each map is scaled to its own maximum.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <param name="picture">The image.</param>
    /// <param name="grid">How it is cut into patches.</param>
    /// <param name="maps">The maps.</param>
    /// <param name="columns">Panels in a row.</param>
    /// <param name="width">Width of the figure in pixels.</param>
    /// <exception cref="ArgumentException">No map is given, or one has not as many weights as there are patches.</exception>
    public static StaticFigure Draw(string title, RgbPicture picture, PatchGrid grid, IReadOnlyList<AttentionMap> maps, int columns = 5, double width = 960)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(grid);
        Check(grid, maps);
        columns = Math.Clamp(columns, 1, maps.Count + 1);
        var panel = Math.Floor((width - (2 * Edge) - (Gap * (columns - 1))) / columns);
        var height = Math.Round(panel * picture.Height / picture.Width);
        var rows = (maps.Count + columns) / columns;
        var top = Edge + (title.Length > 0 ? Look.TitleSize + 12 : 0);

        var sketch = new Sketch(width, Math.Ceiling(top + (rows * (height + 26)) + Edge - 8));
        sketch.Fill(new Box(0, 0, sketch.Width, sketch.Height), Ink.White);
        sketch.Text(Edge, Edge + Look.TitleSize, title, Look.TitleSize, Look.Title, bold: true);
        var (colored, smooth) = (picture.Shown((int)(panel * 2), (int)(height * 2)), picture.Width >= panel);
        var grey = RgbPicture.Grey(colored);
        for (var i = 0; i <= maps.Count; i++)
        {
            var box = new Box(Edge + (i % columns * (panel + Gap)), top + (i / columns * (height + 26)) + 16, panel, height);
            sketch.Text(box.CenterX, box.Y - 5, i == 0 ? "input" : TextWidth.Fit(maps[i - 1].Title, 12, panel), 12, Look.Text, Anchor.Middle);
            sketch.Picture(box, i == 0 ? colored : grey, smooth);
            if (i > 0)
            {
                sketch.Picture(box, Heat(grid, maps[i - 1].Weights), smooth: true);
            }
        }

        return new StaticFigure(sketch, title.Length > 0 ? title : "attention maps of learnable tokens");
    }

    private static void Check(PatchGrid grid, IReadOnlyList<AttentionMap> maps)
    {
        if (maps.Count == 0)
        {
            throw new ArgumentException("no attention map is given to draw");
        }

        foreach (var map in maps.Where(map => map.Weights.Count != grid.Count))
        {
            throw new ArgumentException($"attention map '{map.Title}' has {map.Weights.Count} weights, but a grid of {grid.Columns} × {grid.Rows} has {grid.Count} patches");
        }
    }

    private static Raster Heat(PatchGrid grid, IReadOnlyList<double> weights)
    {
        var most = weights.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var bytes = new byte[4 * grid.Count];
        for (var patch = 0; patch < grid.Count; patch++)
        {
            var share = most > 0 && double.IsFinite(weights[patch]) ? Math.Clamp(weights[patch] / most, 0, 1) : 0;
            var ink = Warm(share);
            (bytes[4 * patch], bytes[(4 * patch) + 1], bytes[(4 * patch) + 2]) = (ink.R, ink.G, ink.B);
            bytes[(4 * patch) + 3] = (byte)Math.Round(235 * Math.Pow(share, 0.6));
        }

        return new Raster(grid.Columns, grid.Rows, bytes, 4);
    }

    /// <summary>From dark violet over red to yellow.</summary>
    private static Ink Warm(double share)
    {
        Ink[] stops = [Ink.Hex("#3b0f70"), Ink.Hex("#8c2981"), Ink.Hex("#de4968"), Ink.Hex("#fe9f6d"), Ink.Hex("#fcf3a6")];
        var at = share * (stops.Length - 1);
        var lower = Math.Min((int)at, stops.Length - 2);
        return stops[lower].Mix(stops[lower + 1], at - lower);
    }
}

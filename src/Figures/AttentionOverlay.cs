using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures.Drawing;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>Attention maps of learnable tokens, laid over the image they look at.</summary>
public static class AttentionOverlay
{
    private const float TitleSize = 12;
    private const float RowGap = 26;

    // From dark violet over red to yellow.
    private static readonly SKColor[] Warmth =
        [.. new[] { "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcf3a6" }.Select(SKColor.Parse)];

    /// <summary>Draws one panel for each map: the image in grey, warm where the weight is high. Each map is scaled to its own maximum.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <param name="picture">The image.</param>
    /// <param name="grid">How it is cut into patches.</param>
    /// <param name="maps">The maps.</param>
    /// <param name="columns">Panels in a row.</param>
    /// <param name="width">Width of the figure in pixels.</param>
    /// <exception cref="ArgumentException">No map is given, or one has not as many weights as there are patches.</exception>
    public static StaticFigure Draw(
        string title, RgbImage picture, PatchGrid grid, IReadOnlyList<AttentionMap> maps, int columns = 5, double width = 960)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(grid);
        Check(grid, maps);
        columns = Math.Clamp(columns, 1, maps.Count + 1);
        var panel = MathF.Floor(((float)width - (2 * Look.Edge) - (Look.Gap * (columns - 1))) / columns);
        var height = MathF.Round(panel * picture.Height / picture.Width);
        var rows = (maps.Count + columns) / columns;
        var top = Look.Edge + (title.Length > 0 ? Look.TitleSize + 12 : 0);
        var bottom = MathF.Ceiling(top + (rows * (height + RowGap)) + Look.Edge - 8);
        var shown = CanvasMarks.Shown(picture, (int)(panel * 2), (int)(height * 2));
        return Sketch.Figure(title.Length > 0 ? title : "attention maps of learnable tokens", (float)width, bottom, canvas =>
        {
            using var colored = shown.ToSkia();
            using var grey = CanvasMarks.Grey(shown).ToSkia();
            canvas.Write(Look.Edge, Look.Edge + Look.TitleSize, title, Look.TitleSize, Look.Title, bold: true);
            for (var i = 0; i <= maps.Count; i++)
            {
                var (row, column) = Math.DivRem(i, columns);
                var left = Look.Edge + (column * (panel + Look.Gap));
                var box = SKRect.Create(left, top + (row * (height + RowGap)) + 16, panel, height);
                var head = i == 0 ? "input" : CanvasMarks.Fit(maps[i - 1].Title, TitleSize, panel);
                canvas.Write(box.MidX, box.Top - 5, head, TitleSize, Look.Text, SKTextAlign.Center);
                canvas.Picture(box, i == 0 ? colored : grey);
                if (i > 0)
                {
                    using var heat = Heat(grid, maps[i - 1].Weights);
                    canvas.Picture(box, heat);
                }
            }
        });
    }

    private static void Check(PatchGrid grid, IReadOnlyList<AttentionMap> maps)
    {
        if (maps.Count == 0)
        {
            throw new ArgumentException("no attention map is given to draw");
        }

        foreach (var map in maps.Where(map => map.Weights.Count != grid.Count))
        {
            throw new ArgumentException(
                $"attention map '{map.Title}' has {map.Weights.Count} weights, "
                + $"but a grid of {grid.Columns} × {grid.Rows} has {grid.Count} patches");
        }
    }

    private static SKImage Heat(PatchGrid grid, IReadOnlyList<double> weights)
    {
        var most = weights.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var bytes = new byte[4 * grid.Count];
        for (var patch = 0; patch < grid.Count; patch++)
        {
            var share = most > 0 && double.IsFinite(weights[patch]) ? Math.Clamp(weights[patch] / most, 0, 1) : 0;
            var color = Warm(share);
            var opacity = (byte)Math.Round(235 * Math.Pow(share, 0.6));
            (bytes[4 * patch], bytes[(4 * patch) + 1], bytes[(4 * patch) + 2], bytes[(4 * patch) + 3])
                = (color.Red, color.Green, color.Blue, opacity);
        }

        return SKImage.FromPixelCopy(new SKImageInfo(grid.Columns, grid.Rows, SKColorType.Rgba8888, SKAlphaType.Unpremul), bytes);
    }

    private static SKColor Warm(double share)
    {
        var at = share * (Warmth.Length - 1);
        var lower = Math.Min((int)at, Warmth.Length - 2);
        var (from, to) = (Warmth[lower], Warmth[lower + 1]);
        byte Between(byte a, byte b) => (byte)Math.Round(a + ((b - a) * (at - lower)));
        return new SKColor(Between(from.Red, to.Red), Between(from.Green, to.Green), Between(from.Blue, to.Blue));
    }
}

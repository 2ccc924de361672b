using Madtp.Kit.Data.Images;
using SkiaSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

/// <summary>Where a learnable token looks.</summary>
/// <param name="title">What stands above it: "token 17".</param>
/// <param name="weights">Its weight on each patch, in the grid's order, <c>[N]</c>, of any floating type and on any device; any
/// scale, none below 0.</param>
/// <exception cref="ArgumentException">The tensor is not one row.</exception>
public sealed class AttentionMap(string title, Tensor weights)
{
    public string Title => title;

    /// <summary>The weights, read once.</summary>
    public IReadOnlyList<double> Weights { get; } = weights.shape.Length == 1
        ? weights.detach().to(float64).cpu().data<double>().ToArray()
        : throw new ArgumentException(
            $"attention map '{title}' is one row of weights [N], not [{string.Join(", ", weights.shape)}]: "
            + "choose the sample and the token first", nameof(weights));
}

/// <summary>Attention maps of learnable tokens, laid over the image they look at.</summary>
public static class AttentionOverlay
{
    private const float TitleSize = 12, RowGap = 26;

    // From dark violet over red to yellow.
    private static readonly SKColor[] Warmth =
        [.. new[] { "#3b0f70", "#8c2981", "#de4968", "#fe9f6d", "#fcf3a6" }.Select(SKColor.Parse)];

    /// <summary>Draws a panel for each map: the image in grey, warm where the weight is near the map's maximum.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <exception cref="ArgumentException">No map is given, or one has not as many weights as there are patches.</exception>
    public static StaticFigure Draw(
        string title, RgbImage picture, PatchGrid grid, IReadOnlyList<AttentionMap> maps, int columns = 5, double width = 960)
    {
        Guard.Argument(maps.Count != 0, $"no attention map is given to draw");
        var odd = maps.FirstOrDefault(map => map.Weights.Count != grid.Count);
        Guard.Argument(odd is null, $"attention map '{odd?.Title}' has {odd?.Weights.Count} weights, "
            + $"but a grid of {grid.Columns} × {grid.Rows} has {grid.Count} patches");

        columns = Math.Clamp(columns, 1, maps.Count + 1);
        var panel = MathF.Floor(((float)width - (2 * Sketch.Edge) - (Sketch.Gap * (columns - 1))) / columns);
        var height = MathF.Round(panel * picture.Height / picture.Width);
        var rows = (maps.Count + columns) / columns;
        var top = Sketch.Top(title);
        var bottom = MathF.Ceiling(top + (rows * (height + RowGap)) + Sketch.Edge - 8);
        var shown = Sketch.Shown(picture, (int)(panel * 2), (int)(height * 2));
        return Sketch.Figure(title, "attention maps of learnable tokens", (float)width, bottom, canvas =>
        {
            using var colored = shown.ToSkia();
            using var grey = Grey(shown).ToSkia();
            for (var i = 0; i <= maps.Count; i++)
            {
                var (row, column) = Math.DivRem(i, columns);
                var left = Sketch.Edge + (column * (panel + Sketch.Gap));
                var box = SKRect.Create(left, top + (row * (height + RowGap)) + 16, panel, height);
                var head = i == 0 ? "input" : Sketch.Fit(maps[i - 1].Title, TitleSize, panel);
                canvas.Write(box.MidX, box.Top - 5, head, TitleSize, Sketch.Text, centered: true);
                canvas.Picture(box, i == 0 ? colored : grey);
                if (i > 0)
                {
                    using var heat = Heat(grid, maps[i - 1].Weights);
                    canvas.Picture(box, heat);
                }
            }
        });
    }

    private static RgbImage Grey(RgbImage image)
    {
        var pixels = new byte[image.Pixels.Length];
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var (red, green, blue) = (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]);
            pixels.AsSpan(i, 3).Fill((byte)Math.Round((0.2126 * red) + (0.7152 * green) + (0.0722 * blue)));
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }

    private static SKImage Heat(PatchGrid grid, IReadOnlyList<double> weights)
    {
        var most = weights.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var bytes = new byte[4 * grid.Count];
        for (var patch = 0; patch < grid.Count; patch++)
        {
            var share = most > 0 && double.IsFinite(weights[patch]) ? Math.Clamp(weights[patch] / most, 0, 1) : 0;
            var color = Warm(share);
            byte[] rgba = [color.Red, color.Green, color.Blue, (byte)Math.Round(235 * Math.Pow(share, 0.6))];
            rgba.CopyTo(bytes, 4 * patch);
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

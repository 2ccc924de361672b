using SkiaSharp;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>One drawing, in two forms: an SVG document and pixels.</summary>
internal static class Sketch
{
    /// <summary>The figure that an action draws on a white ground. It may be called many times and draws the same each time.</summary>
    /// <param name="title">What the figure shows, in words.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="draw">Draws it.</param>
    public static StaticFigure Figure(string title, float width, float height, Action<SKCanvas> draw)
    {
        void OnWhite(SKCanvas canvas)
        {
            canvas.Fill(SKRect.Create(width, height), SKColors.White);
            draw(canvas);
        }

        return new StaticFigure(
            title, width, height, SvgDocument.Of(title, width, height, OnWhite), scale => Png(width, height, (float)scale, OnWhite));
    }

    private static byte[] Png(float width, float height, float scale, Action<SKCanvas> draw)
    {
        var (columns, rows) = ((int)MathF.Round(width * scale), (int)MathF.Round(height * scale));
        using var surface = SKSurface.Create(new SKImageInfo(columns, rows, SKColorType.Rgba8888, SKAlphaType.Opaque));
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale(scale);
        draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}

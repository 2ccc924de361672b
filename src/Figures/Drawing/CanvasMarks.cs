using System.Text;
using Madtp.Kit.Data.Images;
using SkiaSharp;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>What figures consist of: areas, words, photographs.</summary>
internal static class CanvasMarks
{
    /// <summary>Fills a rectangle, its corners rounded where <paramref name="round"/> is their radius.</summary>
    public static void Fill(this SKCanvas canvas, SKRect area, SKColor color, float round = 0)
    {
        // A round pen around a smaller rectangle: Skia's SVG writes it as one short element, a rounded one as a long outline.
        using var paint = new SKPaint { Color = color, IsAntialias = true, StrokeJoin = SKStrokeJoin.Round, StrokeWidth = 2 * round };
        paint.Style = round > 0 ? SKPaintStyle.StrokeAndFill : SKPaintStyle.Fill;
        area.Inflate(-round, -round);
        canvas.DrawRect(area, paint);
    }

    /// <summary>Writes a line of text; (x, y) is on its baseline, where <paramref name="align"/> says. Struck: crossed out.</summary>
    public static void Write(
        this SKCanvas canvas, float x, float y, string text, float size, SKColor color,
        SKTextAlign align = SKTextAlign.Left, bool bold = false, bool struck = false)
    {
        text = Printable(text);
        if (string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        using var font = FigureFonts.Of(size, bold);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        SvgDocument.Words?.Add(text);
        text = Drawable(text, font);
        canvas.DrawText(text, x, y, align, font, paint);
        if (struck)
        {
            var width = font.MeasureText(text);
            var left = x - (align switch { SKTextAlign.Center => width / 2, SKTextAlign.Right => width, _ => 0 });
            canvas.Fill(SKRect.Create(left, y - (size * 0.32f), width, MathF.Max(1, size * 0.07f)), color);
        }
    }

    /// <summary>Draws an image into a rectangle; enlarged pixels blend.</summary>
    public static void Picture(this SKCanvas canvas, SKRect area, SKImage image)
        => canvas.DrawImage(image, area, new SKSamplingOptions(SKFilterMode.Linear));

    /// <summary>How wide a text is in pixels.</summary>
    public static float Width(string text, float size, bool bold = false)
    {
        using var font = FigureFonts.Of(size, bold);
        return font.MeasureText(Drawable(Printable(text), font));
    }

    /// <summary>The text cut to a width, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, float size, float width)
    {
        if (Width(text, size) <= width)
        {
            return text;
        }

        var runes = text.EnumerateRunes().ToArray();
        return Enumerable.Range(1, Math.Max(0, runes.Length - 1)).Reverse()
            .Select(kept => string.Concat(runes.Take(kept)).TrimEnd() + "…")
            .FirstOrDefault(cut => Width(cut, size) <= width, "…");
    }

    /// <summary>
    /// An image with as many pixels as it is shown with: a larger one is averaged down, a smaller one gets whole squares for
    /// pixels, so that no viewer blurs them.
    /// </summary>
    public static RgbImage Shown(RgbImage image, int width, int height)
    {
        if (width < image.Width && height < image.Height)
        {
            return BicubicResize.Resize(image, width, height);
        }

        var (across, times) = (image.Width, Math.Clamp(Math.Min(width / image.Width, height / image.Height), 1, 64));
        var pixels = new byte[3 * across * times * image.Height * times];
        for (var i = 0; i < pixels.Length / 3; i++)
        {
            var (y, x) = Math.DivRem(i, across * times);
            image.Pixels.AsSpan(3 * ((y / times * across) + (x / times)), 3).CopyTo(pixels.AsSpan(3 * i));
        }

        return new RgbImage(across * times, image.Height * times, pixels);
    }

    /// <summary>The image without its colours.</summary>
    public static RgbImage Grey(RgbImage image)
    {
        var pixels = new byte[image.Pixels.Length];
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var (red, green, blue) = (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]);
            pixels.AsSpan(i, 3).Fill((byte)Math.Round((0.2126 * red) + (0.7152 * green) + (0.0722 * blue)));
        }

        return new RgbImage(image.Width, image.Height, pixels);
    }

    /// <summary>The text as XML can hold it: a space for each control character, U+FFFD for halves of characters.</summary>
    public static string Printable(string text)
        => string.Concat(text.EnumerateRunes().Select(rune => Rune.IsControl(rune) ? new Rune(' ') : rune));

    /// <summary>The text with a square in place of what the font lacks; Skia's SVG would leave that out.</summary>
    private static string Drawable(string text, SKFont font)
        => font.ContainsGlyphs(text) ? text
            : string.Concat(text.EnumerateRunes().Select(rune => font.ContainsGlyph(rune.Value) ? rune : new Rune('□')));
}

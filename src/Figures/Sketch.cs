using Madtp.Kit.Data.Images;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>What drawings consist of, areas, words and photographs, in the one look of all. The fonts are <c>KIT_FONT</c>, or a
/// usual sans-serif of the machine: this build of Skia knows none by name, so their files are looked for. Without one, figures
/// come without words, which is said once.</summary>
internal static class Sketch
{
    public const float Edge = 12, Gap = 10;
    public static readonly SKColor Ink = SKColor.Parse("#1f2933");
    public static readonly SKColor Text = SKColor.Parse("#3e4c59");
    public static readonly SKColor Quiet = SKColor.Parse("#616e7c");

    private const float TitleSize = 16;

    private static readonly Lazy<SKTypeface> Regular = new(() =>
        Chosen() ?? Find("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf") ?? WithoutWords());

    private static readonly Lazy<SKTypeface> Bold = new(() =>
        Chosen() ?? Find("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf") ?? Regular.Value);

    /// <summary>Whether words can be written at all.</summary>
    public static bool HasWords => Regular.Value.GlyphCount > 0;

    /// <summary>Where a drawing begins below its title.</summary>
    public static float Top(string title) => Edge + (title.Length > 0 ? TitleSize + 12 : 0);

    /// <summary>The figure of a drawing: an SVG document and pixels, on a white ground and below its title.</summary>
    /// <param name="title">What stands above it; empty for nothing.</param>
    /// <param name="about">What it shows, where it has no title.</param>
    /// <param name="draw">Draws it; called many times, it draws the same each time.</param>
    public static StaticFigure Figure(string title, string about, float width, float height, Action<SKCanvas> draw)
    {
        void Whole(SKCanvas canvas)
        {
            canvas.Fill(SKRect.Create(width, height), SKColors.White);
            canvas.Write(Edge, Edge + TitleSize, title, TitleSize, Ink, bold: true);
            draw(canvas);
        }

        byte[] Png(double scale)
        {
            int Pixels(float length) => (int)MathF.Round(length * (float)scale);
            var info = new SKImageInfo(Pixels(width), Pixels(height), SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var surface = SKSurface.Create(info);
            surface.Canvas.Clear(SKColors.White);
            surface.Canvas.Scale((float)scale);
            Whole(surface.Canvas);
            using var image = surface.Snapshot();
            using var png = image.Encode(SKEncodedImageFormat.Png, 100);
            return png.ToArray();
        }

        about = title.Length > 0 ? title : about;
        var svg = SvgDocument.Of(about, width, height, Whole);
        return new StaticFigure(about, width, height, () => svg, Png);
    }

    /// <summary>Fills a rectangle, its corners rounded where <paramref name="round"/> is their radius.</summary>
    public static void Fill(this SKCanvas canvas, SKRect area, SKColor color, float round = 0)
    {
        // A round pen around a smaller rectangle: Skia's SVG writes it as one short element, a rounded one as a long outline.
        using var paint = new SKPaint { Color = color, IsAntialias = true, StrokeJoin = SKStrokeJoin.Round };
        (paint.StrokeWidth, paint.Style) = (2 * round, round > 0 ? SKPaintStyle.StrokeAndFill : SKPaintStyle.Fill);
        area.Inflate(-round, -round);
        canvas.DrawRect(area, paint);
    }

    /// <summary>Writes a line of text at (x, y) on its baseline; struck out only where it aligns to the left.</summary>
    public static void Write(
        this SKCanvas canvas, float x, float y, string text, float size, SKColor color,
        SKTextAlign align = SKTextAlign.Left, bool bold = false, bool struck = false)
    {
        text = Printable(text);
        if (string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        using var font = Font(size, bold);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        SvgDocument.Words?.Add(text);
        text = Drawable(text, font);
        canvas.DrawText(text, x, y, align, font, paint);
        if (struck)
        {
            canvas.Fill(SKRect.Create(x, y - (size * 0.32f), font.MeasureText(text), MathF.Max(1, size * 0.07f)), color);
        }
    }

    /// <summary>Draws an image into a rectangle; enlarged pixels blend.</summary>
    public static void Picture(this SKCanvas canvas, SKRect area, SKImage image) =>
        canvas.DrawImage(image, area, new SKSamplingOptions(SKFilterMode.Linear));

    /// <summary>How wide a text is in pixels.</summary>
    public static float Width(string text, float size, bool bold = false)
    {
        using var font = Font(size, bold);
        return font.MeasureText(Drawable(Printable(text), font));
    }

    /// <summary>The text cut to a width, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, float size, float width)
    {
        var runes = text.EnumerateRunes().ToArray();
        return Width(text, size) <= width ? text : Enumerable.Range(1, Math.Max(0, runes.Length - 1)).Reverse()
            .Select(kept => string.Concat(runes.Take(kept)).TrimEnd() + "…")
            .FirstOrDefault(cut => Width(cut, size) <= width, "…");
    }

    /// <summary>An image with as many pixels as it is shown with: a larger one is averaged down, a smaller one gets whole squares
    /// for pixels, so that no viewer blurs them.</summary>
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

    /// <summary>The text as XML can hold it: a space for each control character, U+FFFD for halves of characters.</summary>
    public static string Printable(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => Rune.IsControl(rune) ? new Rune(' ') : rune));

    /// <summary>The text with a square in place of what the font lacks; Skia's SVG would leave that out.</summary>
    private static string Drawable(string text, SKFont font) => font.ContainsGlyphs(text)
        ? text
        : string.Concat(text.EnumerateRunes().Select(rune => font.ContainsGlyph(rune.Value) ? rune : new Rune('□')));

    /// <summary>The font of a size in pixels; letters stand where they are reckoned, at any scale.</summary>
    private static SKFont Font(float size, bool bold) => new(bold ? Bold.Value : Regular.Value, size)
    {
        Edging = SKFontEdging.Antialias,
        Hinting = SKFontHinting.None,
        LinearMetrics = true,
        Subpixel = true,
    };

    private static SKTypeface? Chosen() => Environment.GetEnvironmentVariable("KIT_FONT") is not { Length: > 0 } chosen
        ? null
        : SKTypeface.FromFile(chosen)
            ?? throw new InvalidOperationException($"KIT_FONT is '{chosen}', which is no font: name a TrueType file");

    private static SKTypeface? Find(params string[] names)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] folders =
        [
            "/usr/share/fonts", "/usr/local/share/fonts", Path.Combine(home, ".fonts"), Path.Combine(home, ".local/share/fonts"),
            Path.Combine(Environment.GetEnvironmentVariable("CONDA_PREFIX") ?? "", "fonts"),
            "/Library/Fonts", "/System/Library/Fonts/Supplemental", @"C:\Windows\Fonts",
        ];
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 4 };
        return folders.Where(folder => Path.IsPathRooted(folder) && Directory.Exists(folder))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.ttf", options))
            .Where(file => names.Contains(Path.GetFileName(file)))
            .OrderBy(file => (Array.IndexOf(names, Path.GetFileName(file)), file))
            .Select(SKTypeface.FromFile)
            .FirstOrDefault(face => face is not null);
    }

    private static SKTypeface WithoutWords()
    {
        Console.Error.WriteLine(
            "warning: no font was found, so figures come without words: install one (apt-get install fonts-dejavu-core) "
            + "or name a TrueType file in KIT_FONT");
        return SKTypeface.Default;
    }
}

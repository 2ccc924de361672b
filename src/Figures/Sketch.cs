using System.Net;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Experiments;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>A drawing of areas, lines, words and photographs: pixels on a canvas of Skia's, or an SVG document, the same
/// characters for the same drawing and fonts. The fonts are <c>KIT_FONT</c>, or a usual sans-serif of the machine: this build of
/// Skia knows none by name, so their files are looked for. Without one, figures come without words, which is said once.</summary>
/// <param name="canvas">Where pixels go; null for the document.</param>
internal sealed class Sketch(SKCanvas? canvas)
{
    public const float Edge = 12, Gap = 10;
    public static readonly SKColor Ink = SKColor.Parse("#1f2933");
    public static readonly SKColor Text = SKColor.Parse("#3e4c59");
    public static readonly SKColor Quiet = SKColor.Parse("#616e7c");

    private const float TitleSize = 16;

    private static readonly Lazy<SKTypeface> Regular = new(() =>
        Find("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf") ?? WithoutWords());

    private static readonly Lazy<SKTypeface> Bold = new(() =>
        Find("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf") ?? Regular.Value);

    private readonly StringBuilder document = new();
    private readonly HashSet<string> pictures = [];

    /// <summary>Whether words can be written at all.</summary>
    public static bool HasWords => Regular.Value.GlyphCount > 0;

    /// <summary>Where a drawing begins below its title.</summary>
    public static float Top(string title) => Edge + (title.Length > 0 ? TitleSize + 12 : 0);

    /// <summary>The figure of a drawing, on a white ground and below its title.</summary>
    /// <param name="title">What stands above it; empty for nothing.</param>
    /// <param name="about">What it shows, where it has no title.</param>
    /// <param name="draw">Draws it; called many times, it draws the same each time.</param>
    public static StaticFigure Figure(string title, string about, float width, float height, Action<Sketch> draw)
    {
        Sketch Drawn(SKCanvas? canvas)
        {
            var sketch = new Sketch(canvas);
            sketch.Fill(SKRect.Create(width, height), SKColors.White);
            var shown = Fit(title, TitleSize, width - (2 * Edge), bold: true);
            sketch.Write(Edge, Edge + TitleSize, shown, TitleSize, Ink, bold: true);
            draw(sketch);
            return sketch;
        }

        byte[] Png(double scale)
        {
            int Pixels(float length) => (int)MathF.Round(length * (float)scale);
            var info = new SKImageInfo(Pixels(width), Pixels(height), SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var surface = SKSurface.Create(info);
            surface.Canvas.Clear(SKColors.White);
            surface.Canvas.Scale((float)scale);
            Drawn(surface.Canvas);
            using var image = surface.Snapshot();
            using var png = image.Encode(SKEncodedImageFormat.Png, 100);
            return png.ToArray();
        }

        about = title.Length > 0 ? title : about;
        var svg = FormattableString.Invariant($"""
            <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}"
            viewBox="0 0 {width} {height}" role="img" font-family="{Faces(Regular.Value.FamilyName)}">
            <title>{Escaped(about)}</title>
            {Drawn(null).document}</svg>

            """);
        return new StaticFigure(about, width, height, () => svg, Png);
    }

    /// <summary>The faces that a document names: ours, which may have no name, then those alike for who lacks it.</summary>
    internal static string Faces(string ours) => string.Join(',',
        new[] { Escaped(ours), "DejaVu Sans", "Verdana", "Liberation Sans", "Arial", "sans-serif" }
            .Where(face => face.Length > 0).Distinct()
            .Select(face => face.Contains(' ', StringComparison.Ordinal) ? $"'{face}'" : face));

    /// <summary>Fills a rectangle, its corners rounded where <paramref name="round"/> is their radius.</summary>
    public void Fill(SKRect area, SKColor color, float round = 0)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas?.DrawRoundRect(area, round, round, paint);
        var place = FormattableString.Invariant(
            $"x=\"{area.Left}\" y=\"{area.Top}\" width=\"{area.Width}\" height=\"{area.Height}\" rx=\"{round}\"");
        document.AppendLine($"<rect {place} {Painted(color)}/>");
    }

    /// <summary>Fills an outline whose edges lie on those of pixels.</summary>
    public void Fill(SKPathBuilder outline, SKColor color)
    {
        using var path = outline.Detach();
        using var paint = new SKPaint { Color = color };
        canvas?.DrawPath(path, paint);
        document.AppendLine($"<path d=\"{path.ToSvgPathData()}\" {Painted(color)}/>");
    }

    /// <summary>Draws a line through points with a round pen.</summary>
    public void Line(SKColor color, float pen, params SKPoint[] points)
    {
        using var outline = new SKPathBuilder();
        outline.AddPoly(points, close: false);
        using var path = outline.Detach();
        using var paint = new SKPaint { Color = color, IsAntialias = true, StrokeWidth = pen, Style = SKPaintStyle.Stroke };
        (paint.StrokeCap, paint.StrokeJoin) = (SKStrokeCap.Round, SKStrokeJoin.Round);
        canvas?.DrawPath(path, paint);
        document.AppendLine(CultureInfo.InvariantCulture, $"<path d=\"{path.ToSvgPathData()}\" fill=\"none\" "
            + $"stroke=\"{Hex(color)}\" stroke-width=\"{pen}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>");
    }

    /// <summary>Writes a line of text on its baseline, which begins at (x, y) or lies around it.</summary>
    public void Write(
        float x, float y, string text, float size, SKColor color, bool centered = false, bool bold = false, bool struck = false)
    {
        text = Printable(text);
        if (string.IsNullOrWhiteSpace(text))
            return;

        using var font = Font(size, bold);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        var drawn = Drawable(text, font);
        var across = font.MeasureText(drawn);
        x -= centered ? across / 2 : 0;
        canvas?.DrawText(drawn, x, y, SKTextAlign.Left, font, paint);

        // One place a letter, so that other faces keep to it; only the first where letters and places may not match.
        var isSimple = drawn == text.Trim() && !text.Any(char.IsSurrogate);
        var places = isSimple ? font.GetGlyphPositions(drawn, new SKPoint(x, y)).Select(place => place.X) : [x];
        var xs = string.Join(' ', places.Select(place => place.ToString("0.##", CultureInfo.InvariantCulture)));
        document.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{xs}\" y=\"{y:0.##}\" fill=\"{Hex(color)}\" "
            + $"font-size=\"{size}\"{(bold ? " font-weight=\"600\"" : "")}>{Escaped(text)}</text>");
        if (struck)
            Fill(SKRect.Create(x, y - (size * 0.32f), across, MathF.Max(1, size * 0.07f)), color);
    }

    /// <summary>Draws an image into a rectangle; enlarged pixels blend. A document has each image once.</summary>
    public void Picture(SKRect area, SKImage image)
    {
        if (canvas is not null)
        {
            canvas.DrawImage(image, area, new SKSamplingOptions(SKFilterMode.Linear));
            return;
        }

        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        var name = $"p{Convert.ToHexStringLower(SHA256.HashData(png.AsSpan()))[..8]}";
        if (pictures.Add(name))
        {
            document.AppendLine($"<defs><image id=\"{name}\" width=\"{image.Width}\" height=\"{image.Height}\" "
                + $"xlink:href=\"data:image/png;base64,{Convert.ToBase64String(png.AsSpan())}\"/></defs>");
        }

        var (across, down) = (area.Width / image.Width, area.Height / image.Height);
        document.AppendLine(CultureInfo.InvariantCulture,
            $"<use xlink:href=\"#{name}\" transform=\"matrix({across} 0 0 {down} {area.Left} {area.Top})\"/>");
    }

    /// <summary>How wide a text is in pixels.</summary>
    public static float Width(string text, float size, bool bold = false)
    {
        using var font = Font(size, bold);
        return font.MeasureText(Drawable(Printable(text), font));
    }

    /// <summary>The text cut to a width, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, float size, float width, bool bold = false)
    {
        var runes = text.EnumerateRunes().ToArray();
        return Width(text, size, bold) <= width ? text : Enumerable.Range(1, Math.Max(0, runes.Length - 1)).Reverse()
            .Select(kept => string.Concat(runes.Take(kept)).TrimEnd() + "…")
            .FirstOrDefault(cut => Width(cut, size, bold) <= width, "…");
    }

    /// <summary>An image with as many pixels as it is shown with: a larger one is averaged down, a smaller one gets whole squares
    /// for pixels, so that no viewer blurs them.</summary>
    public static RgbImage Shown(RgbImage image, int width, int height)
    {
        if (width < image.Width && height < image.Height)
            return BicubicResize.Resize(image, width, height);

        var (across, times) = (image.Width, Math.Clamp(Math.Min(width / image.Width, height / image.Height), 1, 64));
        var pixels = new byte[3 * across * times * image.Height * times];
        for (var i = 0; i < pixels.Length / 3; i++)
        {
            var (y, x) = Math.DivRem(i, across * times);
            image.Pixels.AsSpan(3 * ((y / times * across) + (x / times)), 3).CopyTo(pixels.AsSpan(3 * i));
        }

        return new RgbImage(across * times, image.Height * times, pixels);
    }

    // As XML can hold it: a space for each control character and for what is none, U+FFFD for halves of characters.
    private static string Printable(string text) => string.Concat(text.EnumerateRunes()
        .Select(rune => Rune.IsControl(rune) || rune.Value is 0xFFFE or 0xFFFF ? new Rune(' ') : rune));

    private static string Escaped(string text) => WebUtility.HtmlEncode(Printable(text));

    private static string Hex(SKColor color) => $"#{color.Red:x2}{color.Green:x2}{color.Blue:x2}";

    private static string Painted(SKColor color) => $"fill=\"{Hex(color)}\""
        + (color.Alpha < 255 ? FormattableString.Invariant($" fill-opacity=\"{color.Alpha / 255f}\"") : "");

    // With a square in place of what the font lacks.
    private static string Drawable(string text, SKFont font) => font.ContainsGlyphs(text)
        ? text
        : string.Concat(text.EnumerateRunes().Select(rune => font.ContainsGlyph(rune.Value) ? rune : new Rune('□')));

    // Letters stand where they are reckoned, at any scale; the size is in pixels.
    private static SKFont Font(float size, bool bold) => new(bold ? Bold.Value : Regular.Value, size)
    {
        Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None, LinearMetrics = true, Subpixel = true,
    };

    private static SKTypeface? Find(params string[] names)
    {
        if (PaperFolders.Given("KIT_FONT") is { } chosen)
        {
            return SKTypeface.FromFile(chosen)
                ?? throw new InvalidOperationException($"KIT_FONT is '{chosen}', which is no font: name a TrueType file");
        }

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

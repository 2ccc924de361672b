using System.Globalization;
using System.Text;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>Writes a sketch as a self-contained SVG document. The same sketch gives the same characters.</summary>
internal sealed class SvgText
{
    /// <summary>Faces that look alike in their proportions, whichever of them the viewer has.</summary>
    private const string Fonts = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif";

    /// <summary>Stands for the drawing's own fingerprint until that is known; no text can hold it.</summary>
    private const char Own = '\u0001';

    private readonly StringBuilder svg = new();
    private readonly Dictionary<Raster, int> pictures = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Raster> repeated = new(ReferenceEqualityComparer.Instance);
    private int clips;

    private SvgText()
    {
    }

    /// <param name="sketch">What to write.</param>
    /// <param name="title">What the picture shows, for those who cannot see it.</param>
    public static string Of(Sketch sketch, string title)
    {
        // Several drawings may end up in one page: the names of their clipping areas must differ.
        var body = new SvgText().Body(sketch);
        body = body.Replace($"{Own}", $"{Fingerprint(body):x8}", StringComparison.Ordinal);
        var (width, height) = (Number(sketch.Width), Number(sketch.Height));
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{Fonts}\">\n"
            + $"<title>{Escape(title)}</title>\n{body}</svg>\n";
    }

    private static uint Fingerprint(string text)
    {
        var hash = 2166136261;
        foreach (var letter in text)
        {
            hash = (hash ^ letter) * 16777619;
        }

        return hash;
    }

    private string Body(Sketch sketch)
    {
        var seen = new HashSet<Raster>(ReferenceEqualityComparer.Instance);
        repeated.UnionWith(Pictures(sketch.Marks).Where(picture => !seen.Add(picture)));
        foreach (var mark in sketch.Marks)
        {
            Write(mark);
        }

        return svg.ToString();
    }

    private void Write(Mark mark)
    {
        switch (mark)
        {
            case PathMark path:
                Path(path);
                break;
            case BoxMark box:
                Element("rect", $"x=\"{Number(box.Box.X)}\" y=\"{Number(box.Box.Y)}\" width=\"{Number(box.Box.Width)}\" height=\"{Number(box.Box.Height)}\""
                    + (box.Round > 0 ? $" rx=\"{Number(box.Round)}\"" : ""), box.Fill, box.Pen);
                break;
            case CircleMark circle:
                Element("circle", $"cx=\"{Number(circle.Center.X)}\" cy=\"{Number(circle.Center.Y)}\" r=\"{Number(circle.Radius)}\"", circle.Fill, circle.Pen);
                break;
            case TextMark text:
                Text(text);
                break;
            case PictureMark picture:
                Picture(picture);
                break;
            case ClippedMarks clipped:
                Clipped(clipped);
                break;
            default:
                throw new ArgumentException($"a mark of type {mark.GetType().Name} cannot be written");
        }
    }

    private void Path(PathMark path)
    {
        if (path.Spots.Count == 0)
        {
            return;
        }

        var points = new StringBuilder();
        foreach (var spot in path.Spots)
        {
            points.Append(points.Length == 0 ? "M" : "L").Append(Number(spot.X)).Append(' ').Append(Number(spot.Y));
        }

        Element("path", $"d=\"{points}{(path.Closed ? "Z" : "")}\"", path.Fill, path.Pen);
    }

    private void Element(string name, string geometry, Ink? fill, Pen? pen)
    {
        svg.Append('<').Append(name).Append(' ').Append(geometry);
        svg.Append(" fill=\"").Append(fill is { A: > 0 } ? fill.Value.ToString() : "none").Append('"');
        if (fill is { A: > 0 and < 1 })
        {
            svg.Append(" fill-opacity=\"").Append(Number(fill.Value.A)).Append('"');
        }

        if (pen is { Width: > 0 })
        {
            svg.Append(" stroke=\"").Append(pen.Ink).Append("\" stroke-width=\"").Append(Number(pen.Width)).Append('"');
            svg.Append(pen.Ink.A < 1 ? $" stroke-opacity=\"{Number(pen.Ink.A)}\"" : "");
            svg.Append(pen.Dash is null ? "" : $" stroke-dasharray=\"{string.Join(' ', pen.Dash.Select(Number))}\"");
            svg.Append(name == "path" ? " stroke-linejoin=\"round\" stroke-linecap=\"round\"" : "");
        }

        svg.Append("/>\n");
    }

    private void Text(TextMark text)
    {
        svg.Append("<text x=\"").Append(Number(text.At.X)).Append("\" y=\"").Append(Number(text.At.Y)).Append("\" font-size=\"").Append(Number(text.Size));
        svg.Append("\" fill=\"").Append(text.Ink).Append('"');
        svg.Append(text.Ink.A < 1 ? $" fill-opacity=\"{Number(text.Ink.A)}\"" : "");
        svg.Append(text.Anchor switch { Anchor.Middle => " text-anchor=\"middle\"", Anchor.End => " text-anchor=\"end\"", _ => "" });
        svg.Append(text.Bold ? " font-weight=\"600\"" : "");
        svg.Append(text.Struck ? " text-decoration=\"line-through\"" : "");
        svg.Append(text.Turn != 0 ? $" transform=\"rotate({Number(text.Turn)} {Number(text.At.X)} {Number(text.At.Y)})\"" : "");
        svg.Append('>').Append(Escape(text.Text)).Append("</text>\n");
    }

    private static IEnumerable<Raster> Pictures(IEnumerable<Mark> marks) => marks.SelectMany(mark => mark switch
    {
        PictureMark picture => [picture.Pixels],
        ClippedMarks clipped => Pictures(clipped.Marks),
        _ => Enumerable.Empty<Raster>(),
    });

    private void Picture(PictureMark picture)
    {
        var (box, place) = (picture.Box, $"x=\"{Number(picture.Box.X)}\" y=\"{Number(picture.Box.Y)}\" width=\"{Number(picture.Box.Width)}\" height=\"{Number(picture.Box.Height)}\"");
        if (!repeated.Contains(picture.Pixels))
        {
            Image(picture, place);
            return;
        }

        // Pixels that are drawn more than once are written once, one by one unit, and stretched where they are used.
        if (!pictures.TryGetValue(picture.Pixels, out var number))
        {
            number = pictures.Count;
            pictures.Add(picture.Pixels, number);
            svg.Append("<defs>");
            Image(picture, $"id=\"p{Own}-{number}\" width=\"1\" height=\"1\"");
            svg.Append("</defs>\n");
        }

        svg.Append($"<use href=\"#p{Own}-{number}\" transform=\"translate({Number(box.X)} {Number(box.Y)}) scale({Number(box.Width)} {Number(box.Height)})\"/>\n");
    }

    private void Image(PictureMark picture, string place)
    {
        svg.Append("<image ").Append(place).Append(" preserveAspectRatio=\"none\"");
        svg.Append(picture.Smooth ? "" : " style=\"image-rendering:pixelated\"");
        svg.Append(" href=\"data:image/png;base64,").Append(Convert.ToBase64String(PngFile.Of(picture.Pixels))).Append("\"/>\n");
    }

    private void Clipped(ClippedMarks clipped)
    {
        var (name, box) = ($"c{Own}-{clips++}", clipped.Box);
        svg.Append($"<clipPath id=\"{name}\"><rect x=\"{Number(box.X)}\" y=\"{Number(box.Y)}\" width=\"{Number(box.Width)}\" height=\"{Number(box.Height)}\"/></clipPath>\n");
        svg.Append($"<g clip-path=\"url(#{name})\">\n");
        foreach (var mark in clipped.Marks)
        {
            Write(mark);
        }

        svg.Append("</g>\n");
    }

    private static string Number(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture) is var text && text == "-0" ? "0" : text;

    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var letter in text)
        {
            escaped.Append(letter switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                < ' ' => " ",
                _ => $"{letter}",
            });
        }

        return escaped.ToString();
    }
}

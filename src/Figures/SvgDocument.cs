using System.Xml.Linq;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>Skia's SVG made fit for a page: with a title for those who cannot see it, faces that look alike where the reader
/// lacks ours, each photograph written once, and names that no other drawing of the page has.</summary>
internal static class SvgDocument
{
    private static readonly string[] Alike = ["'DejaVu Sans'", "Verdana", "'Liberation Sans'", "Arial", "sans-serif"];
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private static readonly XName Link = XNamespace.Get("http://www.w3.org/1999/xlink") + "href";

    /// <summary>Receives the texts of the document being written on this thread: Skia forgets what its font lacks.</summary>
    [field: ThreadStatic]
    public static List<string>? Words { get; private set; }

    /// <summary>The document: the same characters for the same drawing and fonts.</summary>
    public static string Of(string title, float width, float height, Action<SKCanvas> draw)
    {
        var bytes = Draw(width, height, draw, out var texts);
        var root = XDocument.Load(new MemoryStream(bytes)).Root!;
        root.SetAttributeValue("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}"));
        root.SetAttributeValue("role", "img");
        root.AddFirst(new XElement(Svg + "title", Sketch.Printable(title)));
        var own = root.Descendants(Svg + "text").Select(text => $"'{(string?)text.Attribute("font-family")}'");
        root.SetAttributeValue("font-family", string.Join(',', own.Concat(Alike).Distinct()));
        foreach (var (element, text) in root.Descendants(Svg + "text").Zip(texts))
        {
            // One place a letter, so that other faces keep to it; only the first where letters and places may not match.
            var isSimple = element.Value.Trim() == text && !text.Any(char.IsSurrogate);
            element.SetAttributeValue("font-family", null);
            element.SetAttributeValue("x", Places((string)element.Attribute("x")!, isSimple ? int.MaxValue : 1));
            element.SetAttributeValue("y", Places((string)element.Attribute("y")!, 1));
            element.Value = text;
        }

        WritePicturesOnce(root, Convert.ToHexStringLower(SHA256.HashData(bytes))[..8]);
        return root + "\n";
    }

    private static byte[] Draw(float width, float height, Action<SKCanvas> draw, out IReadOnlyList<string> texts)
    {
        using var written = new MemoryStream();
        texts = Words = [];
        try
        {
            using var canvas = SKSvgCanvas.Create(SKRect.Create(width, height), written);
            draw(canvas);
        }
        finally
        {
            Words = null;
        }

        return written.ToArray();
    }

    /// <summary>Where letters stand, one number each, to the hundredth of a pixel.</summary>
    private static string Places(string written, int most) => string.Join(' ', written
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Take(most)
        .Select(number => float.Parse(number, CultureInfo.InvariantCulture).ToString("0.##", CultureInfo.InvariantCulture)));

    private static void WritePicturesOnce(XElement root, string name)
    {
        var names = new Dictionary<string, string>(); // by content
        var renamed = new Dictionary<string, string>();
        foreach (var image in root.Descendants(Svg + "image").ToArray())
        {
            var content = (string)image.Attribute(Link)!;
            var isFirst = names.TryAdd(content, $"p{name}-{names.Count}");
            renamed.Add($"#{(string)image.Attribute("id")!}", $"#{names[content]}");
            image.SetAttributeValue("id", names[content]);
            if (!isFirst)
            {
                image.Parent!.Remove();
            }
        }

        foreach (var use in root.Descendants(Svg + "use"))
        {
            use.SetAttributeValue(Link, renamed[(string)use.Attribute(Link)!]);
        }
    }
}

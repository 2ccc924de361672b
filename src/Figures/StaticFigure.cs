using System.Net;
using Madtp.Kit.Data;
using Madtp.Kit.Experiments;

namespace Madtp.Kit.Figures;

/// <summary>A finished picture: an SVG document that needs neither scripts nor network, the same characters for the same data; of
/// a chart also an interactive form. Notebooks show it inline; <see cref="Save"/> writes it to files.</summary>
/// <param name="svg">Draws it as SVG, once; null where the machine cannot.</param>
/// <param name="png">Draws it as PNG at a scale; null where the machine cannot.</param>
/// <param name="html">Makes a chart's interactive form, once; null for other pictures.</param>
[TypeFormatterSource(
    typeof(StaticFigureFormatters), PreferredMimeTypes = ["text/html", "image/svg+xml", "image/png", "text/plain"])]
public sealed class StaticFigure(
    string title, double width, double height, Func<string?> svg, Func<double, byte[]?> png, Func<string>? html = null)
{
    private readonly Lazy<string?> svg = new(svg);
    private readonly Lazy<string>? html = html is null ? null : new(html);

    /// <summary>What the picture shows, in words.</summary>
    public string Title => title;

    public double Width => width; // pixels

    public double Height => height; // pixels

    /// <summary>The picture as an SVG document.</summary>
    /// <exception cref="InvalidOperationException">It is a chart, and this machine has no browser to draw it.</exception>
    public string Svg => svg.Value ?? throw new InvalidOperationException($"'{Title}' cannot be drawn: {ChartBrowser.Missing}");

    /// <summary>A chart that answers to the pointer, as a piece of HTML without network; null for other pictures.</summary>
    public string? Html => html?.Value;

    /// <summary>The picture as a PNG file, for readers that show no SVG; null where the machine cannot draw it.</summary>
    /// <param name="scale">Pixels of the file for each pixel of the picture.</param>
    public byte[]? ToPng(double scale = 1.5) => png(scale);

    /// <summary>Writes the picture as SVG and PNG into the folder of figures, first under another name, so that no half of a file
    /// is ever found. A chart is left out, with a sentence once, where the machine has no browser to draw it.</summary>
    /// <param name="name">The files' name without an ending, or a path that ends in .svg.</param>
    /// <returns>The picture itself, to be shown.</returns>
    public StaticFigure Save(string name)
    {
        if (!HasPicture(draw: true))
        {
            ChartBrowser.SayMissing();
            return this;
        }

        var path = FigureFolder.Write(name, ".svg", Encoding.UTF8.GetBytes(Svg));
        if (ToPng() is { } pixels)
            FigureFolder.Write(Path.ChangeExtension(path, ".png"), ".png", pixels);

        return this;
    }

    public override string ToString() => $"figure: {Title} ({Width:0} × {Height:0})";

    /// <summary>Whether there is a static picture.</summary>
    /// <param name="draw">Whether to draw one now where it was not drawn yet.</param>
    internal bool HasPicture(bool draw) => (draw || html is null || svg.IsValueCreated) && svg.Value is not null;
}

/// <summary>Where figures are kept: <c>KIT_FIGURES</c>, else <c>figures/</c> of the kit. Those drawn at the paper's scale have a
/// folder of their own in it, <c>paper-scale/</c>, so that they never stand in for toy ones.</summary>
public static class FigureFolder
{
    public static string Path => PaperFolders.Given("KIT_FIGURES")
        ?? KitFolder.File("figures", Scale.Current == ExperimentScale.Paper ? "paper-scale" : "");

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <param name="name">Its name without its ending, or a path that ends so.</param>
    /// <param name="ending">The ending, with its dot.</param>
    /// <returns>The file's path.</returns>
    internal static string Write(string name, string ending, byte[] bytes)
    {
        var path = name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? name : System.IO.Path.Combine(Path, name + ending);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        AtomicFile.Write(path, stream => stream.Write(bytes));
        return path;
    }
}

/// <summary>How notebooks show a <see cref="StaticFigure"/>. A chart of a live notebook is interactive. What is kept is a
/// picture: as SVG, sharp at any size, and as pixels beside it, since some readers trust no SVG that they did not see made. A
/// figure full of photographs goes in as pixels alone: notebooks stay small.</summary>
internal sealed class StaticFigureFormatters
{
    private const int LargestSvg = 150_000;

    /// <summary>Whether what is shown is to be kept: a chart becomes a picture then.</summary>
    private static bool IsKept => Environment.GetEnvironmentVariable("KIT_FIGURES_STATIC") == "1";

    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new Formatter("text/html", figure => IsKept && HasPicture(figure) ? null : figure.Html ?? Image(figure)),
        new Formatter("image/svg+xml", figure => HasPicture(figure) && !IsPixelsOnly(figure) ? figure.Svg : null),
        new Formatter("image/png", figure => HasPicture(figure) ? Png(figure) : null),
        new Formatter("text/plain", figure => figure.ToString()),
    ];

    /// <summary>A live notebook starts no browser for a picture of a chart that nobody asked for.</summary>
    private static bool HasPicture(StaticFigure figure) => figure.HasPicture(draw: IsKept);

    private static bool IsPixelsOnly(StaticFigure figure) => figure.Svg.Length > LargestSvg && figure.ToPng(0.1) is not null;

    private static string? Png(StaticFigure figure) =>
        figure.ToPng(figure.Svg.Length > LargestSvg ? 1.25 : 1.5) is { } png ? Convert.ToBase64String(png) : null;

    private static string Image(StaticFigure figure)
    {
        var data = IsPixelsOnly(figure)
            ? $"image/png;base64,{Png(figure)}"
            : $"image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(figure.Svg))}";
        return $"<img style=\"max-width:100%\" alt=\"{WebUtility.HtmlEncode(figure.Title)}\" src=\"data:{data}\"/>";
    }

    /// <summary>Writes figures in one form; notebooks find it by the names of its members.</summary>
    private sealed class Formatter(string mimeType, Func<StaticFigure, string?> text)
    {
        public string MimeType => mimeType;

        /// <summary>Writes nothing where a figure has no such form: a refusal would bring the kernel's own.</summary>
        public bool Format(object instance, TextWriter writer)
        {
            writer.Write(instance is StaticFigure figure ? text(figure) : null);
            return instance is StaticFigure;
        }
    }
}

/// <summary>Names the class whose <c>CreateTypeFormatters()</c> says how notebooks show a type. Notebook kernels go by this
/// attribute's name, so the library needs no reference to any of them.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType => formatterSourceType;

    public string[] PreferredMimeTypes { get; set; } = [];
}

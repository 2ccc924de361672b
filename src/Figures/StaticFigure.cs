using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures;

/// <summary>
/// A finished picture that needs neither scripts nor network: an SVG document, the same characters for the same data.
/// Notebooks show it inline; <see cref="Save"/> writes it to a file.
/// </summary>
[TypeFormatterSource(typeof(StaticFigureFormatters), PreferredMimeTypes = ["image/svg+xml", "image/png", "text/plain"])]
public sealed class StaticFigure
{
    private readonly Sketch sketch;

    internal StaticFigure(Sketch sketch, string title)
    {
        this.sketch = sketch;
        Title = title;
        Svg = SvgText.Of(sketch, title);
    }

    /// <summary>What the picture shows, in words.</summary>
    public string Title { get; }

    /// <summary>Width in pixels.</summary>
    public double Width => sketch.Width;

    /// <summary>Height in pixels.</summary>
    public double Height => sketch.Height;

    /// <summary>The picture as an SVG document.</summary>
    public string Svg { get; }

    /// <summary>The picture in pixels, as a PNG file: for readers that show no SVG. Null where the machine has no font to write with.</summary>
    /// <param name="scale">Pixels of the file for each pixel of the picture.</param>
    public byte[]? ToPng(double scale = 1.5) => SketchPixels.Of(sketch, scale) is { } pixels ? PngFile.Of(pixels) : null;

    /// <summary>Draws a chart given as figure JSON, an object with <c>data</c> and <c>layout</c>.</summary>
    /// <exception cref="ArgumentException">The JSON is no figure, or holds a chart, colour or colour scale that is not drawn here.</exception>
    public static StaticFigure FromJson(string json)
    {
        var (sketch, title) = ChartPainter.Draw(json);
        return new StaticFigure(sketch, title);
    }

    /// <summary>Writes the picture into the folder of figures, first under another name, so that no half of a file is ever found.</summary>
    /// <param name="name">The file's name without its ending, or a path that ends in .svg.</param>
    /// <returns>The picture itself, to be shown.</returns>
    public StaticFigure Save(string name)
    {
        var path = name.EndsWith(".svg", StringComparison.OrdinalIgnoreCase) ? name : Path.Combine(FigureFolder.Path, name + ".svg");
        FigureFolder.Write(path, Svg);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => $"figure: {Title} ({Width:0} × {Height:0})";
}

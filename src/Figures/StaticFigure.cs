namespace Madtp.Kit.Figures;

/// <summary>
/// A finished picture: an SVG document that needs neither scripts nor network, the same characters for the same data; of a chart
/// also an interactive form. Notebooks show it inline; <see cref="Save"/> writes it to files.
/// </summary>
[TypeFormatterSource(
    typeof(StaticFigureFormatters), PreferredMimeTypes = ["text/html", "image/svg+xml", "image/png", "text/plain"])]
public sealed class StaticFigure
{
    private readonly Lazy<string?> svg;
    private readonly Func<double, byte[]?> png;
    private readonly Lazy<string>? html;

    internal StaticFigure(string title, double width, double height, string svg, Func<double, byte[]?> png)
        : this(title, width, height, () => svg, png, null) => _ = this.svg.Value;

    internal StaticFigure(
        string title, double width, double height, Func<string?> svg, Func<double, byte[]?> png, Func<string>? html)
    {
        (Title, Width, Height, this.png) = (title, width, height, png);
        this.svg = new Lazy<string?>(svg);
        this.html = html is null ? null : new Lazy<string>(html);
    }

    /// <summary>What the picture shows, in words.</summary>
    public string Title { get; }

    /// <summary>Width in pixels.</summary>
    public double Width { get; }

    /// <summary>Height in pixels.</summary>
    public double Height { get; }

    /// <summary>The picture as an SVG document.</summary>
    /// <exception cref="InvalidOperationException">It is a chart, and this machine has no browser to draw it.</exception>
    public string Svg =>
        svg.Value ?? throw new InvalidOperationException($"'{Title}' cannot be drawn: {ChartBrowser.Missing}");

    /// <summary>A chart that answers to the pointer, as a piece of HTML without network; null for other pictures.</summary>
    public string? Html => html?.Value;

    /// <summary>The picture as a PNG file, for readers that show no SVG; null where the machine cannot draw it.</summary>
    /// <param name="scale">Pixels of the file for each pixel of the picture.</param>
    public byte[]? ToPng(double scale = 1.5) => png(scale);

    /// <summary>
    /// Writes the picture as SVG and PNG into the folder of figures, first under another name, so that no half of a file is ever
    /// found. A chart is left out, with a sentence once, where the machine has no browser to draw it.
    /// </summary>
    /// <param name="name">The files' name without an ending, or a path that ends in .svg.</param>
    /// <returns>The picture itself, to be shown.</returns>
    public StaticFigure Save(string name)
    {
        var isPath = name.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);
        var path = isPath ? name : Path.Combine(FigureFolder.Path, name + ".svg");
        if (HasPicture(draw: true))
        {
            FigureFolder.Write(path, Svg);
            if (ToPng() is { } pixels)
            {
                FigureFolder.Write(Path.ChangeExtension(path, ".png"), pixels);
            }
        }
        else
        {
            ChartBrowser.SayMissing();
        }

        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => $"figure: {Title} ({Width:0} × {Height:0})";

    /// <summary>Whether there is a static picture.</summary>
    /// <param name="draw">Whether to draw one now where it was not drawn yet.</param>
    internal bool HasPicture(bool draw) => (draw || svg.IsValueCreated) && svg.Value is not null;
}

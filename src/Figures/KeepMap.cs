using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures;

/// <summary>
/// What is pruned, layer by layer, as the paper's Figures 3 and 4 show it: removed patches fade away, removed words are struck out.
/// </summary>
public static class KeepMap
{
    private const double Edge = 12;
    private const double Gap = 10;
    private const double LabelSize = 12;
    private const double CaptionSize = 11;

    /// <summary>Draws the input and some layers of one or more images, and below them the words of texts.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <param name="images">The images, one row each.</param>
    /// <param name="texts">The texts, if any.</param>
    /// <param name="layers">Which layers, counted from 1; null for up to six spread over all.</param>
    /// <param name="width">Width of the figure in pixels.</param>
    /// <exception cref="ArgumentException">A patch, word or layer is not there, or nothing is given to draw.</exception>
    public static StaticFigure Draw(string title, IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords>? texts = null, IReadOnlyList<int>? layers = null, double width = 960)
    {
        ArgumentNullException.ThrowIfNull(images);
        texts ??= [];
        var depth = Depth(images, texts);
        layers ??= Spread(depth);
        Check(images, texts, layers);

        var label = images.Select(image => image.Label).Concat(texts.Select(text => text.Label)).Select(text => TextWidth.Of(text, LabelSize, bold: true)).DefaultIfEmpty(0).Max();
        var left = Edge + (label > 0 ? label + 10 : 0);
        var panel = (width - left - Edge - (Gap * layers.Count)) / (layers.Count + 1);
        var top = Edge + (title.Length > 0 ? Look.TitleSize + 12 : 0);
        var rows = images.Select(image => RowHeight(image, panel)).ToArray();
        var wordsTop = top + (images.Count > 0 ? LabelSize + 8 : 0) + rows.Sum();
        var height = wordsTop + texts.Sum(text => WordRows.Height(text, layers, width - left - Edge)) + Edge;

        var sketch = new Sketch(width, Math.Ceiling(height));
        sketch.Fill(new Box(0, 0, sketch.Width, sketch.Height), Ink.White);
        sketch.Text(Edge, Edge + Look.TitleSize, title, Look.TitleSize, Look.Title, bold: true);
        Images(sketch, images, layers, left, top, panel);
        Texts(sketch, texts, layers, left, wordsTop, width - left - Edge);
        return new StaticFigure(sketch, title.Length > 0 ? title : "which tokens are kept");
    }

    private static int Depth(IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords> texts)
    {
        var depths = images.Select(image => image.PerLayer.Count).Concat(texts.Select(text => text.PerLayer.Count)).ToArray();
        return depths.Length > 0 && depths.Min() > 0 ? depths.Min() : throw new ArgumentException("a keep-map needs an image or a text with at least one layer");
    }

    /// <summary>Up to six layers, the first and the last among them.</summary>
    private static int[] Spread(int depth) => depth <= 6
        ? [.. Enumerable.Range(1, depth)]
        : [.. Enumerable.Range(0, 6).Select(i => 1 + (int)Math.Round(i * (depth - 1) / 5.0)).Distinct()];

    private static void Check(IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords> texts, IReadOnlyList<int> layers)
    {
        foreach (var layer in layers)
        {
            foreach (var image in images)
            {
                Layer(layer, image.PerLayer.Count, image.Label);
                image.Grid.Check(image.PerLayer[layer - 1], $"{image.Label} layer {layer}");
            }

            foreach (var text in texts)
            {
                Layer(layer, text.PerLayer.Count, text.Label);
                if (text.PerLayer[layer - 1].Any(word => word < 0 || word >= text.Words.Count))
                {
                    throw new ArgumentException($"{text.Label} layer {layer}: a kept word is not among the {text.Words.Count} words");
                }
            }
        }
    }

    private static void Layer(int layer, int depth, string label)
    {
        if (layer < 1 || layer > depth)
        {
            throw new ArgumentException($"layer {layer} is not among the {depth} layers of {(label.Length > 0 ? label : "the image")}");
        }
    }

    private static double PanelHeight(KeptPatches image, double panel) => Math.Round(panel * image.Picture.Height / image.Picture.Width);

    private static double RowHeight(KeptPatches image, double panel) => PanelHeight(image, panel) + CaptionSize + 16;

    private static void Images(Sketch sketch, IReadOnlyList<KeptPatches> images, IReadOnlyList<int> layers, double left, double top, double panel)
    {
        if (images.Count == 0)
        {
            return;
        }

        for (var column = 0; column <= layers.Count; column++)
        {
            sketch.Text(left + (column * (panel + Gap)) + (panel / 2), top + LabelSize, column == 0 ? "input" : $"block {layers[column - 1]}", LabelSize, Look.Text, Anchor.Middle);
        }

        var y = top + LabelSize + 8;
        foreach (var image in images)
        {
            Row(sketch, image, layers, left, y, panel);
            y += RowHeight(image, panel);
        }
    }

    private static void Row(Sketch sketch, KeptPatches image, IReadOnlyList<int> layers, double left, double top, double panel)
    {
        var height = PanelHeight(image, panel);

        // Twice as many pixels as are shown: sharp on dense screens. Few large pixels stay square.
        var raster = image.Picture.Shown((int)Math.Round(panel * 2), (int)Math.Round(height * 2));
        sketch.Text(Edge, top + (height / 2) + (LabelSize * 0.36), image.Label, LabelSize, Look.Title, bold: true);
        for (var column = 0; column <= layers.Count; column++)
        {
            var box = new Box(left + (column * (panel + Gap)), top, panel, height);
            sketch.Picture(box, raster, smooth: image.Picture.Width >= panel);
            var kept = column == 0 ? image.Grid.Count : image.PerLayer[layers[column - 1] - 1].Distinct().Count();
            if (column > 0)
            {
                sketch.Picture(box, Veil(image.Grid, image.PerLayer[layers[column - 1] - 1]), smooth: false);
            }

            var caption = column == 0 ? $"{kept} patches" : $"{kept} kept, {image.Grid.Count - kept} {(image.Merges ? "merged" : "dropped")}";
            var brief = TextWidth.Of(caption, CaptionSize) > panel ? $"{kept}" : caption;
            sketch.Text(box.CenterX, box.Bottom + CaptionSize + 3, brief, CaptionSize, Look.Quiet, Anchor.Middle);
        }
    }

    /// <summary>One pixel for each patch: nearly white where it is removed, clear where it is kept.</summary>
    private static Raster Veil(PatchGrid grid, IReadOnlyList<int> kept)
    {
        var bytes = new byte[4 * grid.Count];
        for (var patch = 0; patch < grid.Count; patch++)
        {
            (bytes[4 * patch], bytes[(4 * patch) + 1], bytes[(4 * patch) + 2], bytes[(4 * patch) + 3]) = (0xf1, 0xf3, 0xf5, 0xdc);
        }

        foreach (var patch in kept)
        {
            bytes[(4 * patch) + 3] = 0;
        }

        return new Raster(grid.Columns, grid.Rows, bytes, 4);
    }

    private static void Texts(Sketch sketch, IReadOnlyList<KeptWords> texts, IReadOnlyList<int> layers, double left, double top, double width)
    {
        foreach (var text in texts)
        {
            WordRows.Draw(sketch, text, layers, left, top, width);
            sketch.Text(Edge, top + WordRows.Baseline, text.Label, LabelSize, Look.Title, bold: true);
            top += WordRows.Height(text, layers, width);
        }
    }
}

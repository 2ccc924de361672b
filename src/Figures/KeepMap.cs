using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures.Drawing;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>
/// What is pruned, layer by layer, as the paper's Figures 3 and 4 show it: removed patches fade away, removed words are struck out.
/// </summary>
public static class KeepMap
{
    private const float LabelSize = 12;
    private const float CaptionSize = 11;
    private static readonly SKColor Veil = SKColor.Parse("#f1f3f5").WithAlpha(0xdc);

    /// <summary>Draws the input and some layers of one or more images, and below them the words of texts.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <param name="images">The images, one row each.</param>
    /// <param name="texts">The texts, if any.</param>
    /// <param name="layers">Which layers, counted from 1; null for up to six spread over all.</param>
    /// <param name="width">Width of the figure in pixels.</param>
    /// <exception cref="ArgumentException">A patch, word or layer is not there, or nothing is given to draw.</exception>
    public static StaticFigure Draw(
        string title, IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords>? texts = null,
        IReadOnlyList<int>? layers = null, double width = 960)
    {
        ArgumentNullException.ThrowIfNull(images);
        texts ??= [];
        var depth = Depth(images, texts);
        layers ??= Spread(depth);
        Check(images, texts, layers);

        var labels = images.Select(image => image.Label).Concat(texts.Select(text => text.Label));
        var label = labels.Select(each => CanvasMarks.Width(each, LabelSize, bold: true)).Max();
        var left = Look.Edge + (label > 0 ? MathF.Ceiling(label) + 10 : 0);
        var across = (float)width - left - Look.Edge;
        var panel = MathF.Floor((across - (Look.Gap * layers.Count)) / (layers.Count + 1));
        var top = Look.Edge + (title.Length > 0 ? Look.TitleSize + 12 : 0);
        var wordsTop = top + (images.Count > 0 ? LabelSize + 8 : 0) + images.Sum(image => RowHeight(image, panel));
        var height = wordsTop + texts.Sum(text => WordRows.Height(text, layers, across)) + Look.Edge;
        return Sketch.Figure(title.Length > 0 ? title : "which tokens are kept", (float)width, MathF.Ceiling(height), canvas =>
        {
            canvas.Write(Look.Edge, Look.Edge + Look.TitleSize, title, Look.TitleSize, Look.Title, bold: true);
            Images(canvas, images, layers, left, top, panel);
            Texts(canvas, texts, layers, left, wordsTop, across);
        });
    }

    private static int Depth(IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords> texts)
    {
        var depths = images.Select(image => image.PerLayer.Count).Concat(texts.Select(text => text.PerLayer.Count)).ToArray();
        return depths.Length > 0 && depths.Min() > 0
            ? depths.Min()
            : throw new ArgumentException("a keep-map needs an image or a text with at least one layer");
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

    private static float PanelHeight(KeptPatches image, float panel)
        => MathF.Round(panel * image.Picture.Height / image.Picture.Width);

    private static float RowHeight(KeptPatches image, float panel) => PanelHeight(image, panel) + CaptionSize + 16;

    private static void Images(
        SKCanvas canvas, IReadOnlyList<KeptPatches> images, IReadOnlyList<int> layers, float left, float top, float panel)
    {
        if (images.Count == 0)
        {
            return;
        }

        for (var column = 0; column <= layers.Count; column++)
        {
            var middle = left + (column * (panel + Look.Gap)) + (panel / 2);
            var head = column == 0 ? "input" : $"block {layers[column - 1]}";
            canvas.Write(middle, top + LabelSize, head, LabelSize, Look.Text, SKTextAlign.Center);
        }

        var y = top + LabelSize + 8;
        foreach (var image in images)
        {
            Row(canvas, image, layers, left, y, panel);
            y += RowHeight(image, panel);
        }
    }

    private static void Row(SKCanvas canvas, KeptPatches image, IReadOnlyList<int> layers, float left, float top, float panel)
    {
        var height = PanelHeight(image, panel);

        // Twice as many pixels as are shown: sharp on dense screens.
        using var picture = CanvasMarks.Shown(image.Picture, (int)(panel * 2), (int)(height * 2)).ToSkia();
        canvas.Write(Look.Edge, top + (height / 2) + (LabelSize * 0.36f), image.Label, LabelSize, Look.Title, bold: true);
        for (var column = 0; column <= layers.Count; column++)
        {
            var box = SKRect.Create(left + (column * (panel + Look.Gap)), top, panel, height);
            canvas.Picture(box, picture);
            var kept = column == 0 ? image.Grid.Count : image.PerLayer[layers[column - 1] - 1].Distinct().Count();
            if (column > 0)
            {
                Cover(canvas, box, image.Grid, image.PerLayer[layers[column - 1] - 1]);
            }

            var removed = $"{kept} kept, {image.Grid.Count - kept} {(image.Merges ? "merged" : "dropped")}";
            var caption = column == 0 ? $"{kept} patches" : removed;
            var brief = CanvasMarks.Width(caption, CaptionSize) > panel ? $"{kept}" : caption;
            canvas.Write(box.MidX, box.Bottom + CaptionSize + 3, brief, CaptionSize, Look.Quiet, SKTextAlign.Center);
        }
    }

    /// <summary>Nearly white where a patch is removed, clear where it is kept: one area, so that neighbours leave no seam.</summary>
    private static void Cover(SKCanvas canvas, SKRect box, PatchGrid grid, IReadOnlyList<int> kept)
    {
        var left = kept.ToHashSet();
        var (width, height) = (box.Width / grid.Columns, box.Height / grid.Rows);
        using var outline = new SKPathBuilder();
        for (var patch = 0; patch < grid.Count; patch++)
        {
            var (from, row) = (patch, patch / grid.Columns);
            while (patch < grid.Count && patch / grid.Columns == row && !left.Contains(patch))
            {
                patch++;
            }

            if (patch > from)
            {
                var x = box.Left + (from % grid.Columns * width);
                outline.AddRect(SKRect.Create(x, box.Top + (row * height), (patch - from) * width, height));
                patch--;
            }
        }

        using var paint = new SKPaint { Color = Veil }; // its edges end with the picture's, in the same pixels
        using var path = outline.Detach();
        canvas.DrawPath(path, paint);
    }

    private static void Texts(
        SKCanvas canvas, IReadOnlyList<KeptWords> texts, IReadOnlyList<int> layers, float left, float top, float width)
    {
        foreach (var text in texts)
        {
            WordRows.Draw(canvas, text, layers, left, top, width);
            canvas.Write(Look.Edge, top + WordRows.Baseline, text.Label, LabelSize, Look.Title, bold: true);
            top += WordRows.Height(text, layers, width);
        }
    }
}

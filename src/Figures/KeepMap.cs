using Madtp.Kit.Data.Images;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>How an image is cut into patches; patch 0 is at the top left, and they are counted row by row.</summary>
public sealed record PatchGrid(int Columns, int Rows)
{
    public int Count => Columns * Rows;

    /// <summary>The grid of a square image, both sides in pixels.</summary>
    public static PatchGrid Square(int imageSize, int patchSize) => new(imageSize / patchSize, imageSize / patchSize);
}

/// <summary>One image of a keep-map: which of its patches are left after each layer.</summary>
/// <param name="Label">What stands beside the row: "MADTP", "left image".</param>
/// <param name="PerLayer">For each layer the patches that are still tokens of their own, from 0; all others are removed.</param>
public sealed record KeptPatches(string Label, RgbImage Picture, PatchGrid Grid, IReadOnlyList<IReadOnlyList<int>> PerLayer)
{
    /// <summary>Whether removed patches are merged into one token (as MADTP does) or dropped (as static pruning does).</summary>
    public bool Merges { get; init; } = true;
}

/// <summary>One text of a keep-map: which of its pieces are left after each layer.</summary>
/// <param name="Label">What stands beside it: "MADTP", "statement".</param>
/// <param name="Words">Its pieces in order; one that begins with <c>##</c> continues the one before.</param>
/// <param name="PerLayer">For each layer the pieces that are still tokens of their own, counted from 0.</param>
public sealed record KeptWords(string Label, IReadOnlyList<string> Words, IReadOnlyList<IReadOnlyList<int>> PerLayer);

/// <summary>What is pruned, layer by layer, as in the paper's Figures 3 and 4: patches fade, words are struck out.</summary>
public static class KeepMap
{
    private const float LabelSize = 12, CaptionSize = 11;
    private const float WordSize = 12.5f, WordRow = 21, WordLabel = 62, Baseline = 16; // of a text's first row, from its top
    private static readonly SKColor Veil = SKColor.Parse("#f1f3f5").WithAlpha(0xdc);
    private static readonly SKColor Gone = SKColor.Parse("#b8c0c9"), Pill = SKColor.Parse("#e3f0f8");

    /// <summary>Draws the input and up to six layers of one or more images, spread over all, and below them the words of
    /// texts.</summary>
    /// <param name="title">What the figure is called; empty for no title.</param>
    /// <exception cref="ArgumentException">A patch or word is not there, or nothing is given to draw.</exception>
    public static StaticFigure Draw(
        string title, IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords>? texts = null, double width = 960)
    {
        texts ??= [];
        Check(images, texts);
        var columns = Spread(images.Select(image => image.PerLayer.Count).DefaultIfEmpty(0).Max());
        var labels = images.Select(image => image.Label).Concat(texts.Select(text => text.Label));
        var label = labels.Select(each => Sketch.Width(each, LabelSize, bold: true)).Max();
        var left = Sketch.Edge + (label > 0 ? MathF.Ceiling(label) + 10 : 0);
        var across = (float)width - left - Sketch.Edge;
        var panel = MathF.Floor((across - (Sketch.Gap * columns.Count)) / (columns.Count + 1));
        var top = Sketch.Top(title);
        var wordsTop = top + (images.Count > 0 ? LabelSize + 8 : 0) + images.Sum(image => RowHeight(image, panel));
        var height = wordsTop + texts.Sum(text => Height(text, across)) + Sketch.Edge;
        return Sketch.Figure(title, "which tokens are kept", (float)width, MathF.Ceiling(height), canvas =>
        {
            for (var column = 0; images.Count > 0 && column <= columns.Count; column++)
            {
                var middle = left + (column * (panel + Sketch.Gap)) + (panel / 2);
                var head = column == 0 ? "input" : $"block {columns[column - 1]}";
                canvas.Write(middle, top + LabelSize, head, LabelSize, Sketch.Text, centered: true);
            }

            var y = top + LabelSize + 8;
            foreach (var image in images)
            {
                Row(canvas, image, columns, left, y, panel);
                y += RowHeight(image, panel);
            }

            y = wordsTop;
            foreach (var text in texts)
            {
                Words(canvas, text, left, y, across);
                canvas.Write(Sketch.Edge, y + Baseline, text.Label, LabelSize, Sketch.Ink, bold: true);
                y += Height(text, across);
            }
        });
    }

    /// <summary>Up to six layers of so many, the first and the last among them.</summary>
    private static IReadOnlyList<int> Spread(int depth) => depth <= 6
        ? [.. Enumerable.Range(1, depth)]
        : [.. Enumerable.Range(0, 6).Select(i => 1 + (int)Math.Round(i * (depth - 1) / 5.0)).Distinct()];

    private static void Check(IReadOnlyList<KeptPatches> images, IReadOnlyList<KeptWords> texts)
    {
        (string Label, IReadOnlyList<IReadOnlyList<int>> PerLayer, int Count, string What)[] rows =
        [
            .. images.Select(one => (one.Label, one.PerLayer, one.Grid.Count, "patch")),
            .. texts.Select(one => (one.Label, one.PerLayer, one.Words.Count, "word")),
        ];
        Guard.Argument(rows.Length > 0 && rows.All(row => row.PerLayer.Count > 0),
            $"a keep-map needs an image or a text with at least one layer");
        foreach (var (label, perLayer, count, what) in rows)
        {
            int[] odd = [.. perLayer.SelectMany(kept => kept).Where(position => position < 0 || position >= count)];
            Guard.Argument(odd.Length == 0, $"{label}: {what} {odd[0]} is kept, but there are {count}, from 0");
        }
    }

    private static float PanelHeight(KeptPatches image, float panel) =>
        MathF.Round(panel * image.Picture.Height / image.Picture.Width);

    private static float RowHeight(KeptPatches image, float panel) => PanelHeight(image, panel) + CaptionSize + 16;

    private static void Row(Sketch canvas, KeptPatches image, IReadOnlyList<int> layers, float left, float top, float panel)
    {
        var height = PanelHeight(image, panel);

        // Twice as many pixels as are shown: sharp on dense screens.
        using var picture = Sketch.Shown(image.Picture, (int)(panel * 2), (int)(height * 2)).ToSkia();
        canvas.Write(Sketch.Edge, top + (height / 2) + (LabelSize * 0.36f), image.Label, LabelSize, Sketch.Ink, bold: true);
        for (var column = 0; column <= layers.Count; column++)
        {
            var box = SKRect.Create(left + (column * (panel + Sketch.Gap)), top, panel, height);
            if (column > 0 && layers[column - 1] > image.PerLayer.Count)
            {
                break; // the image beside it has more layers
            }

            canvas.Picture(box, picture);
            var kept = column == 0 ? null : image.PerLayer[layers[column - 1] - 1].ToHashSet();
            var brief = $"{kept?.Count ?? image.Grid.Count}";
            var caption = $"{brief} patches";
            if (kept is not null)
            {
                Cover(canvas, box, image.Grid, kept);
                caption = $"{brief} kept, {image.Grid.Count - kept.Count} {(image.Merges ? "merged" : "dropped")}";
            }

            caption = Sketch.Width(caption, CaptionSize) > panel ? brief : caption;
            canvas.Write(box.MidX, box.Bottom + CaptionSize + 3, caption, CaptionSize, Sketch.Quiet, centered: true);
        }
    }

    /// <summary>Nearly white where a patch is removed: one area, so that neighbours leave no seam.</summary>
    private static void Cover(Sketch canvas, SKRect box, PatchGrid grid, HashSet<int> kept)
    {
        var (width, height) = (box.Width / grid.Columns, box.Height / grid.Rows);
        using var outline = new SKPathBuilder();
        for (var row = 0; row < grid.Rows; row++)
        {
            for (int from = 0, to; from < grid.Columns; from = to + 1)
            {
                for (to = from; to < grid.Columns && !kept.Contains((row * grid.Columns) + to); to++)
                {
                }

                if (to > from)
                {
                    var (x, y) = (box.Left + (from * width), box.Top + (row * height));
                    outline.AddRect(SKRect.Create(x, y, (to - from) * width, height));
                }
            }
        }

        canvas.Fill(outline, Veil);
    }

    /// <summary>A text's words, one row for each layer, removed ones grey and struck out.</summary>
    private static void Words(Sketch canvas, KeptWords text, float left, float top, float width)
    {
        var y = top + Baseline;
        foreach (var layer in Spread(text.PerLayer.Count))
        {
            canvas.Write(left, y, $"block {layer}", 11, Sketch.Quiet);
            var kept = text.PerLayer[layer - 1].ToHashSet();
            foreach (var (index, word, x, row) in Places(text, width))
            {
                var (baseline, isKept) = (y + (row * WordRow), kept.Contains(index));
                if (isKept)
                {
                    var across = Sketch.Width(word, WordSize) + 6;
                    canvas.Fill(SKRect.Create(left + x - 3, baseline - WordSize - 0.5f, across, WordSize + 6), Pill, round: 3);
                }

                canvas.Write(left + x, baseline, word, WordSize, isKept ? Sketch.Ink : Gone, struck: !isKept);
            }

            y += Rows(text, width) * WordRow;
        }
    }

    private static float Height(KeptWords text, float width) =>
        (Spread(text.PerLayer.Count).Count * Rows(text, width) * WordRow) + 12;

    private static int Rows(KeptWords text, float width) =>
        Places(text, width).Select(place => place.Row).DefaultIfEmpty(0).Max() + 1;

    private static IEnumerable<(int Index, string Word, float X, int Row)> Places(KeptWords text, float width)
    {
        var (x, row) = (WordLabel, 0);
        for (var i = 0; i < text.Words.Count; i++)
        {
            // A piece that continues a word stands close to it.
            var joined = text.Words[i].StartsWith("##", StringComparison.Ordinal);
            var word = joined ? text.Words[i][2..] : text.Words[i];
            x -= joined && x > WordLabel ? 8 : 0;
            var needs = Sketch.Width(word, WordSize);
            if (x > WordLabel && x + needs > width)
                (x, row) = (WordLabel, row + 1);

            yield return (i, word, x, row);
            x += needs + 11;
        }
    }
}

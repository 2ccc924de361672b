using Madtp.Kit.Figures.Drawing;
using SkiaSharp;

namespace Madtp.Kit.Figures;

/// <summary>A text's words, one row for each layer, removed ones grey and struck out.</summary>
internal static class WordRows
{
    /// <summary>From the top of a block to the baseline of its first row.</summary>
    public const float Baseline = 16;

    private const float Size = 12.5f;
    private const float RowHeight = 21;
    private const float LayerLabel = 62;
    private static readonly SKColor Gone = SKColor.Parse("#b8c0c9");
    private static readonly SKColor Pill = SKColor.Parse("#e3f0f8");

    public static float Height(KeptWords text, IReadOnlyList<int> layers, float width)
        => (layers.Count * RowsOf(text, width) * RowHeight) + 12;

    public static void Draw(SKCanvas canvas, KeptWords text, IReadOnlyList<int> layers, float left, float top, float width)
    {
        var y = top + Baseline;
        foreach (var layer in layers)
        {
            canvas.Write(left, y, $"block {layer}", 11, Look.Quiet);
            var kept = text.PerLayer[layer - 1].ToHashSet();
            foreach (var (index, word, x, row) in Places(text, width))
            {
                var (baseline, isKept) = (y + (row * RowHeight), kept.Contains(index));
                if (isKept)
                {
                    var around = SKRect.Create(left + x - 3, baseline - Size - 0.5f, CanvasMarks.Width(word, Size) + 6, Size + 6);
                    canvas.Fill(around, Pill, round: 3);
                }

                canvas.Write(left + x, baseline, word, Size, isKept ? Look.Title : Gone, struck: !isKept);
            }

            y += RowsOf(text, width) * RowHeight;
        }
    }

    private static int RowsOf(KeptWords text, float width)
        => Places(text, width).Select(place => place.Row).DefaultIfEmpty(0).Max() + 1;

    private static IEnumerable<(int Index, string Word, float X, int Row)> Places(KeptWords text, float width)
    {
        var (x, row) = (LayerLabel, 0);
        for (var i = 0; i < text.Words.Count; i++)
        {
            // A piece that continues a word stands close to it.
            var joined = text.Words[i].StartsWith("##", StringComparison.Ordinal);
            var word = joined ? text.Words[i][2..] : text.Words[i];
            x -= joined && x > LayerLabel ? 8 : 0;
            var needs = CanvasMarks.Width(word, Size);
            if (x > LayerLabel && x + needs > width)
            {
                (x, row) = (LayerLabel, row + 1);
            }

            yield return (i, word, x, row);
            x += needs + 11;
        }
    }
}

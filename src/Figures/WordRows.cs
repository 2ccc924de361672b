using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures;

/// <summary>A text's words, one row for each layer, removed ones grey and struck out.</summary>
internal static class WordRows
{
    /// <summary>From the top of a block to the baseline of its first row.</summary>
    public const double Baseline = 16;

    private const double Size = 12.5;
    private const double RowHeight = 21;
    private const double LayerLabel = 62;
    private static readonly Ink Gone = Ink.Hex("#b8c0c9");
    private static readonly Ink Pill = Ink.Hex("#e3f0f8");

    public static double Height(KeptWords text, IReadOnlyList<int> layers, double width) => (layers.Count * RowsOf(text, width) * RowHeight) + 12;

    public static void Draw(Sketch sketch, KeptWords text, IReadOnlyList<int> layers, double left, double top, double width)
    {
        var y = top + Baseline;
        foreach (var layer in layers)
        {
            sketch.Text(left, y, $"block {layer}", 11, Look.Quiet);
            var kept = text.PerLayer[layer - 1].ToHashSet();
            foreach (var (index, word, x, row) in Places(text, width))
            {
                var baseline = y + (row * RowHeight);
                if (kept.Contains(index))
                {
                    sketch.Fill(new Box(left + x - 3, baseline - Size - 0.5, TextWidth.Of(word, Size) + 6, Size + 6), Pill, round: 3);
                }

                sketch.Text(left + x + (TextWidth.Of(word, Size) / 2), baseline, word, Size, kept.Contains(index) ? Look.Title : Gone, Anchor.Middle, struck: !kept.Contains(index));
            }

            y += RowsOf(text, width) * RowHeight;
        }
    }

    private static int RowsOf(KeptWords text, double width) => Places(text, width).Select(place => place.Row).DefaultIfEmpty(0).Max() + 1;

    private static IEnumerable<(int Index, string Word, double X, int Row)> Places(KeptWords text, double width)
    {
        var (x, row) = (LayerLabel, 0);
        for (var i = 0; i < text.Words.Count; i++)
        {
            // A piece that continues a word stands close to it.
            var joined = text.Words[i].StartsWith("##", StringComparison.Ordinal);
            var word = joined ? text.Words[i][2..] : text.Words[i];
            x -= joined && x > LayerLabel ? 8 : 0;
            var needs = TextWidth.Of(word, Size);
            if (x > LayerLabel && x + needs > width)
            {
                (x, row) = (LayerLabel, row + 1);
            }

            yield return (i, word, x, row);
            x += needs + 11;
        }
    }
}

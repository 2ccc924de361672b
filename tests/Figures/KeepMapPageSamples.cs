using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures;

namespace Madtp.Kit.Tests.Figures;

/// <summary>Small data for pages: 4 × 2 patches, four words, two blocks, two temperatures; scores that are easy to tell apart.</summary>
internal static class KeepMapPageSamples
{
    /// <summary>Two samples.</summary>
    public static IReadOnlyList<KeepMapSample> Two() => [Sample("a red dog runs", true, 1), Sample("two cats sleep", false, 2)];

    /// <summary>The score of a token: the block in front, then the position.</summary>
    public static double Score(int block, int position) => (block / 10.0) + ((position + 1) / 1000.0);

    private static KeepMapSample Sample(string sentence, bool label, int seed)
    {
        var rgb = new byte[3 * 16 * 8];
        new Random(seed).NextBytes(rgb);
        var picture = new RgbImage(16, 8, rgb);
        var pair = new PairView(picture, picture, new PatchGrid(4, 2), ["[ENC]", "dog", "##s", "run"], label) { Sentence = sentence };
        return new KeepMapSample(pair, [Run(1, 6), Run(20, 4)]);
    }

    // Block 1 keeps the patches from 'first' on, block 2 of those the last two; the words keep the first two, then one.
    private static KeepMapRun Run(double temperature, int first)
    {
        int[] patches = [.. Enumerable.Range(0, 8)];
        KeepMapLayer[] image =
        [
            Layer(1, patches, position => position >= first),
            Layer(2, [.. patches.Where(position => position >= first), -1], position => position >= 7),
        ];
        KeepMapLayer[] text = [Layer(1, [1, 2, 3], position => position < 3), Layer(2, [1, 2, -1], position => position == 1)];
        return new KeepMapRun(temperature, temperature / 40, 0.75, image, image, text);
    }

    private static KeepMapLayer Layer(int block, int[] positions, Func<int, bool> kept)
    {
        double[] Scores(int part) => [.. positions.Select(position => Score(block, position) / part)];
        return new KeepMapLayer(block / 100.0, positions, [.. positions.Select(kept)], Scores(8), Scores(1), Scores(2), Scores(4));
    }
}

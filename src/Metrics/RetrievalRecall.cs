namespace Madtp.Kit.Metrics;

/// <summary>Recall at 1, 5 and 10 of image-text retrieval, both ways, with several captions for each image.</summary>
/// <remarks>Candidates are ranked as the reference's <c>np.argsort(scores)[::-1]</c> ranks them, by numpy's stable order: of
/// equal scores the later candidate comes first. An image is found at the rank of its best caption.</remarks>
public static class RetrievalRecall
{
    /// <summary>Both ways from one matrix of similarities, or each way from its own, as re-ranking gives them.</summary>
    /// <param name="scores">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <param name="textToImage">Caption by image, <c>[T, I]</c>; null where it is the other matrix, transposed.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, or an image has no caption.</exception>
    public static RecallScores Compute(
        ScoreMatrix scores, IReadOnlyList<int> imageOfCaption, ScoreMatrix? textToImage = null)
    {
        Check(scores, imageOfCaption);
        Guard.Argument(
            textToImage is null || (textToImage.Rows, textToImage.Columns) == (scores.Columns, scores.Rows),
            $"the scores of captions against images are [{textToImage?.Rows}, {textToImage?.Columns}], not "
            + $"[{scores.Columns}, {scores.Rows}]");
        int[] text = [.. imageOfCaption.Index().GroupBy(one => one.Item)
            .Select(captions => captions.MaxBy(one => (scores.Row(one.Item)[one.Index], one.Index)))
            .Select(best => RankOf(scores.Row(best.Item), best.Index))];
        var image = textToImage is null ? ImageRanks(scores, imageOfCaption)
            : [.. imageOfCaption.Select((image, caption) => RankOf(textToImage.Row(caption), image))];
        static double At(int[] ranks, int k) => 100.0 * ranks.Count(rank => rank < k) / ranks.Length;
        return new RecallScores(At(text, 1), At(text, 5), At(text, 10), At(image, 1), At(image, 5), At(image, 10));
    }

    // Row by row: a transposed copy of COCO's would take half a gigabyte.
    private static int[] ImageRanks(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        var own = imageOfCaption.Select((image, caption) => scores.Row(image)[caption]).ToArray();
        var ranks = new int[scores.Columns];
        for (var image = 0; image < scores.Rows; image++)
        {
            var row = scores.Row(image);
            for (var caption = 0; caption < ranks.Length; caption++)
            {
                ranks[caption] += row[caption] > own[caption]
                    || (row[caption] == own[caption] && image > imageOfCaption[caption]) ? 1 : 0;
            }
        }

        return ranks;
    }

    /// <summary>How many candidates come before the one asked for.</summary>
    private static int RankOf(ReadOnlySpan<float> row, int index)
    {
        var (own, rank) = (row[index], 0);
        for (var i = 0; i < row.Length; i++)
            rank += row[i] > own || (row[i] == own && i > index) ? 1 : 0;

        return rank;
    }

    private static void Check(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        Guard.Argument(imageOfCaption.Count == scores.Columns && scores.Columns != 0,
            $"the scores are of {scores.Columns} captions, the map is of {imageOfCaption.Count}", nameof(imageOfCaption));
        var stray = imageOfCaption.ToList().FindIndex(image => image < 0 || image >= scores.Rows);
        Guard.Argument(stray < 0,
            $"caption {stray} belongs to image {imageOfCaption[stray]}, but the scores are of {scores.Rows} images",
            nameof(imageOfCaption));
        var lonely = Enumerable.Range(0, scores.Rows).Except(imageOfCaption).ToList();
        Guard.Argument(lonely.Count == 0, $"image {lonely[0]} has no caption", nameof(imageOfCaption));
    }
}

/// <summary>Recall in percent: how often a right answer is among the first one, five, ten.</summary>
/// <param name="TextAt1">Of captions for an image.</param>
/// <param name="ImageAt1">Of the image for a caption.</param>
public sealed record RecallScores(double TextAt1, double TextAt5, double TextAt10, double ImageAt1, double ImageAt5,
    double ImageAt10)
{
    public double TextMean => (TextAt1 + TextAt5 + TextAt10) / 3;

    public double ImageMean => (ImageAt1 + ImageAt5 + ImageAt10) / 3;

    public double Mean => (TextMean + ImageMean) / 2;
}

/// <summary>Scores of every row against every column.</summary>
public sealed class ScoreMatrix
{
    private readonly float[] values;

    /// <summary>Scores in row-major order.</summary>
    /// <exception cref="ArgumentException">There are not as many as the shape says, or one is not a number.</exception>
    public ScoreMatrix(int rows, int columns, float[] values)
    {
        Guard.Argument(rows >= 0 && columns >= 0 && (long)rows * columns == values.Length,
            $"{values.Length} scores do not fill [{rows}, {columns}]", nameof(values));
        var wrong = Array.FindIndex(values, float.IsNaN);
        Guard.Argument(wrong < 0,
            $"the score in row {wrong / columns}, column {wrong % columns} is not a number", nameof(values));
        (Rows, Columns, this.values) = (rows, columns, values);
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * Columns, Columns);
}

namespace Madtp.Kit.Metrics;

/// <summary>Recall at 1, 5 and 10 of image-text retrieval, both ways, with several captions for each image.</summary>
/// <remarks>
/// Candidates are ranked as the reference's <c>np.argsort(scores)[::-1]</c> ranks them: of equal scores the later candidate comes first.
/// An image is found at the rank of its best caption.
/// </remarks>
public static class RetrievalRecall
{
    /// <summary>Both ways from one matrix of similarities.</summary>
    /// <param name="scores">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, or an image has no caption.</exception>
    public static RecallScores Compute(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        Check(scores.Rows, scores.Columns, imageOfCaption);
        return Recall(TextRanks(scores, imageOfCaption), ImageRanksFromColumns(scores, imageOfCaption));
    }

    /// <summary>Each way from its own matrix, as re-ranking gives them.</summary>
    /// <param name="imageToText">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="textToImage">Caption by image, <c>[T, I]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, or an image has no caption.</exception>
    public static RecallScores Compute(ScoreMatrix imageToText, ScoreMatrix textToImage, IReadOnlyList<int> imageOfCaption)
    {
        Check(imageToText.Rows, imageToText.Columns, imageOfCaption);
        if (textToImage.Rows != imageToText.Columns || textToImage.Columns != imageToText.Rows)
        {
            throw new ArgumentException($"the scores of captions against images are [{textToImage.Rows}, {textToImage.Columns}], not [{imageToText.Columns}, {imageToText.Rows}]");
        }

        var imageRanks = imageOfCaption.Select((image, caption) => RankOf(textToImage.Row(caption), image)).ToArray();
        return Recall(TextRanks(imageToText, imageOfCaption), imageRanks);
    }

    private static RecallScores Recall(int[] text, int[] image)
    {
        static double At(int[] ranks, int k) => 100.0 * ranks.Count(rank => rank < k) / ranks.Length;
        return new RecallScores(At(text, 1), At(text, 5), At(text, 10), At(image, 1), At(image, 5), At(image, 10));
    }

    private static int[] TextRanks(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        var best = new int[scores.Rows];
        Array.Fill(best, -1);
        for (var caption = 0; caption < imageOfCaption.Count; caption++)
        {
            var image = imageOfCaption[caption];
            var row = scores.Row(image);
            if (best[image] < 0 || row[caption] >= row[best[image]])
            {
                best[image] = caption;
            }
        }

        return [.. best.Select((caption, image) => RankOf(scores.Row(image), caption))];
    }

    /// <summary>How many candidates come before the one asked for.</summary>
    private static int RankOf(ReadOnlySpan<float> row, int index)
    {
        var (own, rank) = (row[index], 0);
        for (var i = 0; i < row.Length; i++)
        {
            rank += row[i] > own || (row[i] == own && i > index) ? 1 : 0;
        }

        return rank;
    }

    /// <summary>The same down the columns, read row by row.</summary>
    private static int[] ImageRanksFromColumns(ScoreMatrix scores, IReadOnlyList<int> imageOfCaption)
    {
        var own = new float[scores.Columns];
        for (var caption = 0; caption < own.Length; caption++)
        {
            own[caption] = scores.Row(imageOfCaption[caption])[caption];
        }

        var ranks = new int[scores.Columns];
        for (var image = 0; image < scores.Rows; image++)
        {
            var row = scores.Row(image);
            for (var caption = 0; caption < ranks.Length; caption++)
            {
                ranks[caption] += row[caption] > own[caption] || (row[caption] == own[caption] && image > imageOfCaption[caption]) ? 1 : 0;
            }
        }

        return ranks;
    }

    private static void Check(int images, int captions, IReadOnlyList<int> imageOfCaption)
    {
        if (imageOfCaption.Count != captions || captions == 0)
        {
            throw new ArgumentException($"the scores are of {captions} captions, the map is of {imageOfCaption.Count}", nameof(imageOfCaption));
        }

        var found = new bool[images];
        for (var caption = 0; caption < captions; caption++)
        {
            if ((uint)imageOfCaption[caption] >= (uint)images)
            {
                throw new ArgumentException($"caption {caption} belongs to image {imageOfCaption[caption]}, but the scores are of {images} images", nameof(imageOfCaption));
            }

            found[imageOfCaption[caption]] = true;
        }

        if (Array.IndexOf(found, false) is var lonely and >= 0)
        {
            throw new ArgumentException($"image {lonely} has no caption", nameof(imageOfCaption));
        }
    }
}

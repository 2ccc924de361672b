using static TorchSharp.torch;

namespace Madtp.Kit.Metrics;

/// <summary>Recall at 1, 5 and 10 of image-text retrieval, both ways, with several captions for each image.</summary>
/// <remarks>Candidates are ranked as the reference's <c>np.argsort(scores)[::-1]</c> ranks them, by numpy's stable order: of
/// equal scores the later candidate comes first. An image is found at the rank of its best caption.</remarks>
public static class RetrievalRecall
{
    private const int Together = 256; // queries, whose comparisons take 6 MB a thousand candidates

    /// <summary>Both ways from one matrix of similarities, or each way from its own, as re-ranking gives them.</summary>
    /// <param name="scores">Image by caption, <c>[I, T]</c>.</param>
    /// <param name="imageOfCaption">Each caption's image, <c>[T]</c>.</param>
    /// <param name="textToImage">Caption by image, <c>[T, I]</c>; null where it is the other matrix, transposed.</param>
    /// <exception cref="ArgumentException">The map does not fit the scores, an image has no caption, or a score is not a
    /// number.</exception>
    public static RecallScores Compute(Tensor scores, IReadOnlyList<int> imageOfCaption, Tensor? textToImage = null)
    {
        using var scope = NewDisposeScope();
        Check(scores, imageOfCaption, textToImage);
        long[] imageOf = [.. imageOfCaption.Select(image => (long)image)];
        var own = scores.gather(0, tensor(imageOf, [1, imageOf.Length], device: scores.device)).to(float64).cpu(); // [1, T]
        var ofOwn = own.data<double>().ToArray();
        long[] best = [.. imageOf.Index().GroupBy(one => one.Item).OrderBy(captions => captions.Key)
            .Select(captions => (long)captions.MaxBy(one => (ofOwn[one.Index], one.Index)).Index)];
        var (text, image) = (Ranks(scores, best), Ranks(textToImage ?? scores.t(), imageOf));
        static double At(long[] ranks, int k) => 100.0 * ranks.Count(rank => rank < k) / ranks.Length;
        return new RecallScores(At(text, 1), At(text, 5), At(text, 10), At(image, 1), At(image, 5), At(image, 10));
    }

    // How many candidates of each query, [Q, C], come before the one asked for.
    private static long[] Ranks(Tensor scores, long[] asked) => [.. asked.Index().Chunk(Together).SelectMany(queries =>
    {
        using var scope = NewDisposeScope();
        var some = scores.slice(0, queries[0].Index, queries[^1].Index + 1, 1); // [q, C]
        var place = tensor(queries.Select(query => query.Item).ToArray(), [queries.Length, 1], device: scores.device);
        var own = some.gather(1, place); // [q, 1]
        var later = arange(some.shape[1], device: scores.device) > place;
        return (some > own).logical_or((some == own).logical_and(later)).sum(1).cpu().data<long>().ToArray();
    })];

    private static void Check(Tensor scores, IReadOnlyList<int> imageOfCaption, Tensor? textToImage)
    {
        Guard.Argument(scores.shape is [_, > 0 and var columns] && columns == imageOfCaption.Count,
            $"the scores are {Shape(scores)}, the map is of {imageOfCaption.Count} captions", nameof(imageOfCaption));
        var (images, captions) = (scores.shape[0], scores.shape[1]);
        Guard.Argument(textToImage is null || textToImage.shape.SequenceEqual([captions, images]),
            $"the scores of captions against images are {(textToImage is null ? "" : Shape(textToImage))}, not "
            + $"[{captions}, {images}]");
        var stray = imageOfCaption.ToList().FindIndex(image => image < 0 || image >= images);
        Guard.Argument(stray < 0,
            $"caption {stray} belongs to image {imageOfCaption[stray]}, but the scores are of {images} images",
            nameof(imageOfCaption));
        var lonely = Enumerable.Range(0, (int)images).Except(imageOfCaption).ToList();
        Guard.Argument(lonely.Count == 0, $"image {lonely[0]} has no caption", nameof(imageOfCaption));
        var wrong = NotANumber(scores) ?? (textToImage is null ? null : NotANumber(textToImage));
        Guard.Argument(wrong is null, $"{wrong}", nameof(scores));
    }

    /// <summary>Which score is not a number, in a sentence; null where all are.</summary>
    internal static string? NotANumber(Tensor scores)
    {
        using var scope = NewDisposeScope();
        var wrong = scores.isnan();
        if (!wrong.any().item<bool>())
            return null;

        var place = wrong.nonzero()[0].cpu().data<long>().ToArray();
        return $"the score in row {place[0]}, column {place[1]} is not a number";
    }

    private static string Shape(Tensor scores) => $"[{string.Join(", ", scores.shape)}]";
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

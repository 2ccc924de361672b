namespace Madtp.Kit.Metrics;

/// <summary>ROUGE-L (Lin 2004) as COCO computes it: β = 1.2, best precision and best recall over the references.</summary>
public static class RougeL
{
    private const double BetaSquared = 1.2 * 1.2;

    /// <summary>Scores each image; the corpus's score is their mean.</summary>
    /// <returns>A score in [0, 1] for each image.</returns>
    public static IReadOnlyList<double> Compute(IReadOnlyList<TokenizedCaption> captions) => [.. captions.Select(Score)];

    private static double Score(TokenizedCaption caption)
    {
        // Split at single spaces: an empty caption is one empty word, and two empty ones agree.
        var hypothesis = caption.Hypothesis.Split(' ');
        var (precision, recall) = (0.0, 0.0);
        foreach (var reference in caption.References)
        {
            var words = reference.Split(' ');
            var common = (double)LongestCommonSubsequence(hypothesis, words);
            precision = Math.Max(precision, common / hypothesis.Length);
            recall = Math.Max(recall, common / words.Length);
        }

        return precision == 0 || recall == 0 ? 0 : (1 + BetaSquared) * precision * recall / (recall + (BetaSquared * precision));
    }

    private static int LongestCommonSubsequence(string[] left, string[] right)
    {
        var lengths = new int[right.Length + 1];
        foreach (var word in left)
        {
            var diagonal = 0;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = lengths[j];
                lengths[j] = word == right[j - 1] ? diagonal + 1 : Math.Max(above, lengths[j - 1]);
                diagonal = above;
            }
        }

        return lengths[right.Length];
    }
}

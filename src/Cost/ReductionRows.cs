namespace Madtp.Kit.Cost;

/// <summary>The rows of alignment, scoring, sorting and merging around one layer.</summary>
internal static class ReductionRows
{
    /// <summary>The alignment guidance of a layer that is not reduced: it is there for the loss, so no inference pays for it.</summary>
    public static void Dense(LedgerBuilder ledger, string layer, long tokens, int width, AlignmentDims alignment, Times times)
    {
        var patches = tokens - 1;
        Map(ledger, layer, patches, width, alignment, reduced: false, deployed: false, times);
        Product(ledger, $"{layer}.alignment.scores", patches, alignment, 0, 0, times);
        Product(ledger, $"{layer}.alignment.features", patches, alignment, 0, 0, times);
    }

    /// <summary>
    /// The work of one reducing layer. The published metric traces the graph behind the answer: the scores of a layer
    /// that removes nothing are not on it, neither are the threshold (it becomes a number before it is used) nor the
    /// features (they serve the loss). Deployment pays for the scores in every layer.
    /// </summary>
    public static void Reduced(LedgerBuilder ledger, string layer, long tokens, long after, int width, int headWidth, AlignmentDims alignment, ReductionCost method, Times times)
    {
        var patches = tokens - 1;
        var removes = after < tokens;
        if (method.Alignment)
        {
            Map(ledger, layer, patches, width, alignment, removes, deployed: true, times);
            Product(ledger, $"{layer}.alignment.scores", patches, alignment, removes ? 1 : 0, 1, times);
            Product(ledger, $"{layer}.alignment.features", patches, alignment, 0, 0, times);
        }

        if (method.Scoring)
        {
            ledger.Overhead($"{layer}.reduction.importance", CostKind.Scoring, 0, 0, Importance(method.Work, patches, width, headWidth), times);
            ledger.Overhead($"{layer}.reduction.sort", CostKind.Sorting, 0, 0, patches * Log2Ceiling(patches), times);
        }

        if (method.Threshold)
        {
            ledger.Overhead($"{layer}.reduction.threshold", CostKind.Scoring, 0, 0, patches * alignment.Tokens, times);
        }

        Matching(ledger, layer, patches, removes, width, headWidth, method.Matching, times);
        if (method.Merging && removes)
        {
            // Matched tokens go into tokens that stay. Else one of the tokens that leave the layer is the merged one, so one more
            // went into it than the counts differ by.
            var merged = (tokens - after + (method.Matching == MatchedPairs.None ? 1 : 0)) * width;
            ledger.Overhead($"{layer}.reduction.merge", CostKind.Merging, merged, merged, merged, times);
        }
    }

    private static long Importance(ScoringWork work, long patches, int width, int headWidth)
    {
        var norms = work.HasFlag(ScoringWork.HeadNorms) ? patches * width : 0;
        var received = work.HasFlag(ScoringWork.ReceivedAttention) ? patches * patches : 0;
        var summary = work.HasFlag(ScoringWork.SummaryAttention) ? patches * (width / headWidth) : 0;
        return norms + received + summary;
    }

    // The similarities lead to the indices that the answer is gathered by, so the published metric would see them where tokens are
    // merged. Averaging the keys over the heads is element-wise work.
    private static void Matching(LedgerBuilder ledger, string layer, long patches, bool removes, int width, int headWidth, MatchedPairs pairs, Times times)
    {
        if (pairs == MatchedPairs.None)
        {
            return;
        }

        var half = patches / 2;
        var products = (pairs == MatchedPairs.Bipartite ? half * (patches - half) : patches * patches) * headWidth;
        ledger.Overhead($"{layer}.reduction.similarity", CostKind.Matching, removes ? products : 0, removes ? products : 0, products, times);
        ledger.Overhead($"{layer}.reduction.keys", CostKind.Scoring, 0, 0, patches * width, times);
    }

    private static void Map(LedgerBuilder ledger, string layer, long patches, int width, AlignmentDims alignment, bool reduced, bool deployed, Times times)
    {
        if (alignment.Map)
        {
            var map = patches * width * alignment.Width;
            ledger.Overhead($"{layer}.alignment.map", CostKind.Alignment, reduced ? map : 0, map, deployed ? map : 0, times);
        }
    }

    private static void Product(LedgerBuilder ledger, string module, long patches, AlignmentDims alignment, long onPaper, long deployed, Times times)
    {
        var product = patches * alignment.Tokens * alignment.Width;
        ledger.Overhead(module, CostKind.Alignment, product * onPaper, product, product * deployed, times);
    }

    private static long Log2Ceiling(long n) => n <= 1 ? 0 : 64 - long.LeadingZeroCount(n - 1);
}

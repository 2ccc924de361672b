using Madtp.Kit.Madtp;

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
    public static void Reduced(LedgerBuilder ledger, string layer, long tokens, long after, int width, int headWidth, AlignmentDims alignment, ReductionPolicy? method, Times times)
    {
        var patches = tokens - 1;
        var removes = after < tokens;
        if (method is null)
        {
            return;
        }

        if (method.NeedsAlignment)
        {
            Map(ledger, layer, patches, width, alignment, removes, deployed: true, times);
            Product(ledger, $"{layer}.alignment.scores", patches, alignment, removes ? 1 : 0, 1, times);
            Product(ledger, $"{layer}.alignment.features", patches, alignment, 0, 0, times);
        }

        var shape = new LayerShape(patches, width, headWidth, alignment.Tokens);
        ledger.Overhead($"{layer}.reduction.sort", CostKind.Sorting, 0, 0, patches * Log2Ceiling(patches), times);
        Part(ledger, $"{layer}.reduction.importance", CostKind.Scoring, CostKind.Matching, method.Scorer.Cost(shape), removes, times);
        Part(ledger, $"{layer}.reduction.threshold", CostKind.Scoring, CostKind.Scoring, method.Keep.Cost(shape), removes, times);
        if (removes)
        {
            Part(ledger, $"{layer}.reduction.merge", CostKind.Scoring, CostKind.Merging, method.Reducer.Cost(shape, tokens - after), removes, times);
        }
    }

    // Products lead to the tokens that the answer is made from, so the published metric would see them where tokens go.
    private static void Part(
        LedgerBuilder ledger, string name, CostKind operations, CostKind products, PartCost cost, bool removes, Times times)
    {
        if (cost.Operations > 0)
        {
            ledger.Overhead(name, operations, 0, 0, cost.Operations, times);
        }

        if (cost.Products > 0)
        {
            var onPaper = removes ? cost.Products : 0;
            ledger.Overhead($"{name}.products", products, onPaper, onPaper, cost.Products, times);
        }
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

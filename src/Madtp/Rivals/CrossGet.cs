using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>CrossGET-style merging (Shi et al., "CrossGET: cross-guided ensemble of tokens for accelerating vision-language
/// transformers", ICML 2024): any token may be merged into any other (complete-graph soft matching), those that matter least to
/// the other modality first (cross-guided matching), and what matters more weighs more in a merged token (cross-guided ensemble).
/// Images and text.</summary>
/// <remarks>What is simplified. CrossGET learns a cross token per layer and modality, trained by a distillation loss between
/// modalities, and takes the cosine of its query with a token's key for the token's importance. MADTP's alignment scores stand in
/// for it here: both say how much a token matters across modalities, and nothing else has to be trained. They are scaled to 1 for
/// the most important token of a sample, so that they weigh against cosines. CrossGET's ensemble weighs each merged pair by a
/// softmax of its two importances; here the same exponentials are normalised over all tokens that become one, so that weights sum
/// to 1 also where several meet. Counts come from the keep ratio.</remarks>
public static class CrossGet
{
    /// <summary>The policy.</summary>
    /// <param name="keepRatio">Share of the image tokens that the first layer keeps, in (0, 1]; every later layer merges as many
    /// again, at most half of its tokens.</param>
    /// <param name="textKeepRatio">The same for text; as for images if null.</param>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) => new()
    {
        Name = "CrossGET",
        Scorer = new CrossGuidedScorer(),
        Keep = ScheduledCountRule.Of(CountSchedule.SameNumber, keepRatio, textKeepRatio),
        Reducer = new MatchReducer(),
    };

    /// <summary>Cosine of every two tokens' keys, −∞ on the diagonal and wherever padding or a protected token takes
    /// part.</summary>
    /// <param name="metric">Rows of length 1, <c>[B, N, d]</c>.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    /// <param name="protected">Tokens that neither go nor take in, <c>[B, N]</c> bool; null when none is special.</param>
    /// <returns><c>[B, N, N]</c>.</returns>
    public static Tensor Affinity(Tensor metric, Tensor? real = null, Tensor? @protected = null)
    {
        var product = metric.MatMul(metric.transpose(1, 2)); // [B, N, N]
        var cosine = (product + product.transpose(1, 2)) / 2; // the same both ways to the last bit, so that ties are ties
        var affinity = cosine.masked_fill(eye(metric.shape[1], device: metric.device) == 1, float.NegativeInfinity);
        return ToMe.Closed(real, @protected) is { } closed
            ? affinity.masked_fill(closed.unsqueeze(1), float.NegativeInfinity).masked_fill(
                closed.unsqueeze(2), float.NegativeInfinity)
            : affinity;
    }

    /// <summary>The best edge of every token, where tokens are ranked by their best edge and edges lead down the ranking only: of
    /// two tokens that are each other's best match one stays to take the other in; here it is the one that matters more, whatever
    /// the order of the tokens. −∞ for the last token of a ranking: it stays.</summary>
    /// <param name="affinity"><c>[B, N, N]</c>.</param>
    /// <param name="guidance">I, <c>[B, N]</c>: decides ties.</param>
    /// <returns><c>[B, N]</c>.</returns>
    public static Tensor BestEdge(Tensor affinity, Tensor guidance)
    {
        var lightest = guidance.sort(1, stable: true).Indices; // [B, N]
        var order = lightest.gather(1, TokenRanking.Order(affinity.amax([2]).gather(1, lightest))); // [B, N]
        var rank = TokenRanking.Inverse(order); // [B, N]
        var up = rank.unsqueeze(1) <= rank.unsqueeze(2); // column ranks no lower than its row
        return affinity.masked_fill(up, float.NegativeInfinity).amax([2]);
    }

    /// <summary>At most half of the tokens that may go do: +∞ for those of the highest scores.</summary>
    /// <param name="score">What tokens are ranked by, +∞ for those that stay anyhow, <c>[B, N]</c>.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    /// <param name="protected">Tokens that neither go nor take in, <c>[B, N]</c> bool; null when none is special.</param>
    /// <returns><c>[B, N]</c>.</returns>
    public static Tensor AtMostHalf(Tensor score, Tensor? real = null, Tensor? @protected = null)
    {
        var closed = ToMe.Closed(real, @protected);
        var open = closed is null ? score : score.masked_fill(closed, float.NegativeInfinity);
        // [B, 1]
        var count = closed is null ? full([score.shape[0], 1], score.shape[1], dtype: int64, device: score.device)
            : closed.logical_not().sum(1, keepdim: true);
        return score.masked_fill(TokenRanking.Ranks(open) < count - count.div(2, RoundingMode.floor), float.PositiveInfinity);
    }

    /// <summary>I: the strongest claim of a learnable token on each token, over the strongest on any. In [0, 1].</summary>
    /// <param name="alignmentMaps">A, <c>[B, K, N]</c>.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    /// <returns><c>[B, N]</c>.</returns>
    public static Tensor Guidance(Tensor alignmentMaps, Tensor? real = null)
    {
        var claims = alignmentMaps.amax([1]); // [B, N]
        claims = real is null ? claims : claims * real;
        return claims / claims.amax([1], keepdim: true).clamp_min(1e-12);
    }
}

/// <summary>Ranks tokens by how little they resemble another and how much they matter to the other modality (CrossGET):
/// importance minus the best similarity. Without alignment guidance every token matters alike, which leaves complete-graph soft
/// matching alone.</summary>
public sealed record CrossGuidedScorer : ITokenScorer
{
    public bool ReadsAttention => false;

    public bool NeedsAlignment => true;

    /// <summary>Keys are averaged over the heads, then every two compared.</summary>
    public PartCost Cost(LayerShape layer) => new(layer.Tokens * layer.Width, layer.Tokens * layer.Tokens * layer.HeadWidth);

    public ImportanceScores Score(ReductionContext context)
    {
        using var off = no_grad();
        var keys = ToMe.Metric(context.Keys); // [B, N, d_h]
        var affinity = CrossGet.Affinity(keys, context.Mask, context.Protected);
        var guidance = context.AlignmentMaps is null ? zeros(keys.shape[0], keys.shape[1], dtype: keys.dtype, device: keys.device)
            : CrossGet.Guidance(context.AlignmentMaps, context.Mask);
        var score = CrossGet.AtMostHalf(guidance - CrossGet.BestEdge(affinity, guidance), context.Mask, context.Protected);
        return new ImportanceScores(score)
        {
            Alignment = guidance, Match = new TokenMatch { Affinity = affinity, Weight = guidance.exp() },
        };
    }
}

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
    /// <summary>The policy at keep ratios (<see cref="ScheduledCountRule.Of"/>); a layer merges at most half of its
    /// tokens.</summary>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) => new()
    {
        Name = "CrossGET",
        Scorer = new CrossGuidedScorer(),
        Keep = ScheduledCountRule.Of(keepRatio, textKeepRatio),
        Reducer = new MatchReducer(),
    };

    /// <summary>The best edge of every token, where tokens are ranked by their best edge and edges lead down the ranking only: of
    /// two tokens that are each other's best match one stays to take the other in; here it is the one that matters more, whatever
    /// the order of the tokens. −∞ for the last token of a ranking: it stays.</summary>
    /// <param name="affinity"><c>[B, N, N]</c>, to <c>[B, N]</c>.</param>
    /// <param name="guidance">I, <c>[B, N]</c>: decides ties.</param>
    public static Tensor BestEdge(Tensor affinity, Tensor guidance)
    {
        var lightest = guidance.sort(1, stable: true).Indices; // [B, N]
        var order = lightest.gather(1, TokenRanking.Order(affinity.amax([2]).gather(1, lightest))); // [B, N]
        var rank = TokenRanking.Inverse(order); // [B, N]
        var up = rank.unsqueeze(1) <= rank.unsqueeze(2); // column ranks no lower than its row
        return affinity.masked_fill(up, float.NegativeInfinity).amax([2]);
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
        var closed = ToMe.Closed(context.Mask, context.Protected);
        var affinity = Affinity(keys, closed);
        var guidance = context.AlignmentMaps is { } maps ? Guidance(maps, context.Mask)
            : zeros(keys.shape[0], keys.shape[1], dtype: keys.dtype, device: keys.device);
        return new ImportanceScores(AtMostHalf(guidance - CrossGet.BestEdge(affinity, guidance), closed))
        {
            Part = part => part == ScoreParts.Alignment ? guidance : null,
            Match = new TokenMatch(MostSimilar, guidance.exp()),
        };

        Tensor MostSimilar(Tensor keep) =>
            affinity.masked_fill(keep.logical_not().unsqueeze(1), float.NegativeInfinity).argmax(2);
    }

    // Cosine of every two tokens' keys [B, N, d], −∞ on the diagonal and wherever a token takes part that may not: [B, N, N].
    private static Tensor Affinity(Tensor keys, Tensor? closed)
    {
        var product = keys.MatMul(keys.transpose(1, 2)); // [B, N, N]
        var cosine = (product + product.transpose(1, 2)) / 2; // the same both ways to the last bit, so that ties are ties
        var affinity = cosine.masked_fill(eye(keys.shape[1], device: keys.device) == 1, float.NegativeInfinity);
        return closed is null ? affinity : affinity.masked_fill(closed.unsqueeze(1), float.NegativeInfinity)
            .masked_fill(closed.unsqueeze(2), float.NegativeInfinity);
    }

    // At most half of the tokens that may go do: +∞ for those of the highest scores, [B, N].
    private static Tensor AtMostHalf(Tensor score, Tensor? closed)
    {
        var open = closed is null ? score : score.masked_fill(closed, float.NegativeInfinity);
        var count = closed is null ? full([score.shape[0], 1], score.shape[1], dtype: int64, device: score.device)
            : closed.logical_not().sum(1, keepdim: true); // [B, 1]
        return score.masked_fill(
            TokenRanking.Ranks(open) < count - count.div(2, RoundingMode.floor), float.PositiveInfinity);
    }

    // I: the strongest claim of a learnable token [B, K, N] on each token, over the strongest on any. [B, N], in [0, 1].
    private static Tensor Guidance(Tensor alignmentMaps, Tensor? mask)
    {
        var claims = alignmentMaps.amax([1]); // [B, N]
        claims = mask is null ? claims : claims * mask;
        return claims / claims.amax([1], keepdim: true).clamp_min(1e-12);
    }
}

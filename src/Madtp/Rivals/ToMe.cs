using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>ToMe (Bolya et al., "Token merging: your ViT but faster", ICLR 2023): bipartite soft matching. Tokens are split into
/// A and B by turns; each token of A has an edge to the token of B whose key, averaged over the heads, is most similar (cosine);
/// the r strongest edges are merged, sizes as weights, and attention is proportional to size: softmax(QKᵀ/√d + log s) (Section
/// 3).</summary>
/// <remarks>The class token belongs to A and never goes, as in ToMe; so A here is every second token from the second on. ToMe is
/// a method for images. Text is merged alike, padding left out and the end of text protected; <c>textKeepRatio: 1</c> leaves it
/// alone. Simplified: r is a share of the entering tokens and need not be whole; a merged token keeps the place of its B token
/// and the order is by position, which only causal text can see; cross-attention to merged image tokens is not
/// proportional.</remarks>
public static class ToMe
{
    /// <summary>The policy at keep ratios 1 − r/N (<see cref="ScheduledCountRule.Of"/>); a layer merges at most half of its
    /// tokens.</summary>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) => new()
    {
        Name = "ToMe",
        Scorer = new BipartiteScorer(),
        Keep = ScheduledCountRule.Of(keepRatio, textKeepRatio),
        Reducer = new MatchReducer(),
    };

    /// <summary>What tokens are compared by: the mean of the heads' keys, of length 1. <c>[B, h, N, d_h]</c> to
    /// <c>[B, N, d_h]</c>.</summary>
    public static Tensor Metric(Tensor keys)
    {
        using var off = no_grad();
        var mean = keys.mean([1]);
        return mean / mean.norm(-1, keepdim: true).clamp_min(1e-12);
    }

    /// <summary>The best edge of every token of A. Tokens of index 1, 3, 5, … are A, those of index 0, 2, 4, … are B.</summary>
    /// <param name="metric">Rows of length 1, <c>[B, N, d]</c>.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; padding, which must stand behind them, has no edge. Null when all are
    /// real.</param>
    /// <param name="protected">Tokens that neither go nor take in, <c>[B, N]</c> bool; null when none is special.</param>
    /// <returns>The similarity along the edge, <c>[B, N]</c>, −∞ for tokens without one (all of B), and the token it leads to,
    /// <c>[B, N]</c> int64, their own index for tokens of B.</returns>
    public static (Tensor Similarity, Tensor Destination) Match(Tensor metric, Tensor? real = null, Tensor? @protected = null)
    {
        using var off = no_grad();
        var (batch, count) = (metric.shape[0], metric.shape[1]);
        var own = arange(count, dtype: int64, device: metric.device).expand(batch, count); // [B, N]
        var none = full([batch, count], float.NegativeInfinity, dtype: metric.dtype, device: metric.device);
        if (count < 2)
            return (none, own);

        var edges = metric.slice(1, 1, count, 2).MatMul(metric.slice(1, 0, count, 2).transpose(1, 2)); // [B, |A|, |B|]
        if (Closed(real, @protected) is { } closed)
        {
            edges = edges.masked_fill(closed.slice(1, 0, count, 2).unsqueeze(1), float.NegativeInfinity)
                .masked_fill(closed.slice(1, 1, count, 2).unsqueeze(2), float.NegativeInfinity);
        }

        var (best, place) = edges.max(2); // [B, |A|]
        var odd = own.slice(1, 1, count, 2);
        return (none.scatter(1, odd, best), own.scatter(1, odd, place * 2));
    }

    /// <summary>Tokens that take no part: padding and protected ones, <c>[B, N]</c> bool; null when all may.</summary>
    internal static Tensor? Closed(Tensor? real, Tensor? @protected)
    {
        var padding = real is null ? null : real == 0;
        return padding is null ? @protected : @protected is null ? padding : padding.logical_or(@protected);
    }
}

/// <summary>Ranks tokens by how little they resemble another (ToMe). Every second token may go; its importance is minus the
/// similarity to the most similar of the others, which all stay (importance +∞).</summary>
public sealed record BipartiteScorer : ITokenScorer
{
    public bool ReadsAttention => false;

    /// <summary>Keys are averaged over the heads, then those of one half compared with those of the other.</summary>
    public PartCost Cost(LayerShape layer)
    {
        var half = layer.Tokens / 2;
        return new(layer.Tokens * layer.Width, half * (layer.Tokens - half) * layer.HeadWidth);
    }

    public ImportanceScores Score(ReductionContext context)
    {
        var (similarity, destination) = ToMe.Match(ToMe.Metric(context.Keys), context.Mask, context.Protected);
        return new ImportanceScores(similarity.neg()) { Match = new TokenMatch(_ => destination) };
    }
}

using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Madtp;

/// <summary>The prune mask M_p (eq. 10) as a keep rule wants it, before samples of one batch are reconciled. Protected tokens
/// stay, padding does not.</summary>
/// <param name="Thresholds">One threshold per learnable token, <c>[B, K]</c>; null for rules without one.</param>
public sealed record PruneMask(Tensor Keep, Tensor? Thresholds = null)
{
    /// <summary>M_p: true for candidates that stay, <c>[B, N]</c> bool.</summary>
    public Tensor Keep
    {
        get;
        init => (field, IsFinal) = (value, false);
    } = Keep;

    /// <summary>θ = min_k θ_k (eq. 9), <c>[B]</c>; null for rules without one.</summary>
    public Tensor? Threshold => Thresholds?.amin([1]);

    /// <summary>Tokens that stay in each sample, <c>[B]</c> int64.</summary>
    public Tensor Counts => Keep.sum(1);

    // Whether nobody has to see to protected tokens and padding any more.
    internal bool IsFinal { get; init; }

    /// <summary>M_p[n] = TIS[n] > θ, strictly (eq. 10), from TIS <c>[B, N]</c> and thresholds <c>[B, K]</c>.</summary>
    public static PruneMask Above(Tensor importance, ReductionContext context, Tensor thresholds)
    {
        // +∞ stays, though a mean with it is no threshold that any number exceeds.
        var threshold = thresholds.amin([1], keepdim: true).nan_to_num(nan: float.MaxValue, posinf: float.MaxValue); // [B, 1]
        return new(TokenRanking.Ranked(importance, context) > threshold, thresholds) { IsFinal = true };
    }

    /// <summary>The most important tokens of each sample, as many as the counts say, <c>[B]</c> int64.</summary>
    public static PruneMask Top(Tensor counts, Tensor importance, ReductionContext context)
    {
        var ranked = TokenRanking.Ranked(importance, context);
        return new(Final(TokenRanking.Ranks(ranked) < counts.unsqueeze(1), ranked, context)) { IsFinal = true };
    }

    // With protected tokens and those of importance +∞, and without padding, as a keep rule of one's own may not see to.
    internal static Tensor Final(Tensor keep, Tensor ranked, ReductionContext context)
    {
        keep = keep.logical_or(ranked.eq(float.PositiveInfinity));
        return context.Mask is null ? keep : keep.logical_and(context.Mask != 0);
    }
}

/// <summary>Orders candidates by importance: protected tokens first, padding last.</summary>
internal static class TokenRanking
{
    /// <summary>TIS, +∞ where protected and −∞ for padding, <c>[B, N]</c>.</summary>
    public static Tensor Ranked(Tensor importance, ReductionContext context)
    {
        var padded = context.Candidates.Padded;
        var ranked = padded is null ? importance : importance.masked_fill(padded, float.NegativeInfinity);
        return context.Protected is null ? ranked : ranked.masked_fill(context.Protected, float.PositiveInfinity);
    }

    /// <summary>Candidates by descending importance, ties by position, <c>[B, N]</c> int64.</summary>
    public static Tensor Order(Tensor ranked) => ranked.sort(1, descending: true, stable: true).Indices;

    /// <summary>Rank of each candidate, 0 for the most important, <c>[B, N]</c> int64.</summary>
    public static Tensor Ranks(Tensor ranked) => Inverse(Order(ranked));

    /// <summary>The place of each index in an order, <c>[B, N]</c> int64 to the same.</summary>
    public static Tensor Inverse(Tensor order) =>
        zeros_like(order).scatter(1, order, arange(order.shape[1], dtype: int64, device: order.device).expand(order.shape));
}

/// <summary>Merging of pruned tokens into one (Section 3.3), as pure functions over the N candidates.</summary>
public static class TokenMerging
{
    private const float Epsilon = 1e-8f;

    /// <summary>True for the tokens to merge: not kept, and not padding. <c>[B, N]</c> bool.</summary>
    public static Tensor Pruned(Tensor keep, Tensor? mask) =>
        mask is null ? keep.logical_not() : keep.logical_not().logical_and(mask != 0);

    /// <summary>Σ_j w_j x_j over the pruned tokens: x <c>[B, N, D]</c> to a row of a sequence, <c>[B, 1, D]</c>.</summary>
    /// <param name="weights">TIS, 0 for tokens that stay, <c>[B, N]</c>. Gradients reach it.</param>
    /// <param name="normalized">Whether w is TIS_j / (Σ TIS + ε), or TIS itself.</param>
    public static Tensor Merge(Tensor tokens, Tensor weights, bool normalized = true) =>
        (normalized ? weights / (weights.sum(1, keepdim: true) + Epsilon) : weights).unsqueeze(1).bmm(tokens);

    /// <summary>Some rows of each sample and <see cref="Merge"/> of the others, on a CPU without gradients: a sample's while
    /// they lie in the cache.</summary>
    /// <param name="x">Contiguous, <c>[B, 1 + N, D]</c>.</param>
    /// <param name="rows">Of the batch's B·(1 + N) those that stay, <c>[B·N']</c> int64.</param>
    /// <returns><c>[B, N' + 1, D]</c>.</returns>
    internal static Tensor InOnePass(Tensor x, Tensor rows, Tensor weights, bool normalized)
    {
        var (batch, before, width) = ((int)x.shape[0], (int)x.shape[1], (int)x.shape[2]);
        var kept = (int)rows.shape[0] / batch;
        var shorter = empty(batch, kept + 1, width);
        RowWise.InParts(batch, before * width, (first, end) =>
        {
            Span<float> from = RowWise.Numbers(x), to = RowWise.Numbers(shorter), weight = RowWise.Numbers(weights);
            var stay = MemoryMarshal.Cast<byte, long>(rows.bytes);
            for (var sample = first; sample < end; sample++)
            {
                var (row, all) = (sample * (kept + 1), 0f);
                for (var i = 0; i < kept; i++, row++)
                    Row(from, (int)stay[(sample * kept) + i]).CopyTo(Row(to, row));

                var merged = Row(to, row);
                merged.Clear();
                for (var token = 1; token < before; token++)
                {
                    if (weight[(sample * (before - 1)) + token - 1] is not 0 and var own)
                    {
                        TensorPrimitives.MultiplyAdd(Row(from, (sample * before) + token), own, merged, merged);
                        all += own;
                    }
                }

                TensorPrimitives.Multiply(merged, normalized ? 1 / (all + Epsilon) : 1, merged);
            }
        });
        return shorter;

        Span<float> Row(Span<float> all, int row) => all.Slice(row * width, width);
    }
}

/// <summary>Pruned tokens come back as one, weighted by importance and appended last: [class, kept, merged] (Section
/// 3.3).</summary>
public sealed record MergeReducer : ITokenReducer
{
    /// <summary>Whether the weights are made to sum 1; EViT leaves the attention as it is.</summary>
    public bool Normalized { get; init; } = true;

    public bool AddsToken => true;

    /// <summary>Every pruned token is weighed: one more than the sequence gets shorter by.</summary>
    public PartCost Cost(LayerShape layer, long removed) => new(0, (removed + 1) * layer.Width);

    public TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context) =>
        kept.Gather(context.Attended, context, importance.Total, Normalized);
}

/// <summary>Pruned tokens are gone: the sequence becomes [class, kept].</summary>
public sealed record DropReducer : ITokenReducer
{
    public PartCost Cost(LayerShape layer, long removed) => default;

    public TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context) =>
        kept.Gather(context.Attended, context);
}

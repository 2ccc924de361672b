using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Turns importance and wanted counts into a selection that fits a batch.</summary>
public static class TokenSelector
{
    /// <summary>
    /// Selects the most important tokens of every sample.
    /// </summary>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="wanted">Tokens each sample wants to keep, <c>[B]</c> int64.</param>
    /// <param name="context">The block; tells padding and protected tokens.</param>
    /// <param name="policy">Layout, order and floor.</param>
    /// <returns>The selection, or null where the block keeps everything.</returns>
    public static TokenSelection? Select(Tensor importance, Tensor wanted, ReductionContext context, ReductionPolicy policy)
    {
        using var off = no_grad();
        var ranked = Ranked(importance, context);
        wanted = wanted.maximum(ranked.eq(float.PositiveInfinity).sum(1));
        return policy.Layout == BatchLayout.PerInstance
            ? PerInstance(ranked, wanted, context, policy)
            : Uniform(ranked, wanted, context, policy);
    }

    // Padding sinks to the end of the ranking, protected tokens rise to its front.
    private static Tensor Ranked(Tensor importance, ReductionContext context)
    {
        var ranked = importance.detach();
        if (context.Real is not null)
        {
            ranked = ranked.masked_fill(context.Real == 0, float.NegativeInfinity);
        }

        return context.Protected is null ? ranked : ranked.masked_fill(context.Protected, float.PositiveInfinity);
    }

    private static TokenSelection? Uniform(Tensor ranked, Tensor wanted, ReductionContext context, ReductionPolicy policy)
    {
        var (batch, candidates) = (ranked.shape[0], ranked.shape[1]);
        var count = policy.Layout == BatchLayout.MaxKeep
            ? wanted.max().item<long>()
            : Math.Max((long)Math.Round(wanted.to(float64).mean().item<double>()), ranked.eq(float.PositiveInfinity).sum(1).max().item<long>());
        var floor = policy.Floor(context);
        if (policy.BelowFloor == BelowFloor.KeepAll && count <= floor)
        {
            return null;
        }

        count = Math.Clamp(count, Math.Min(floor, candidates), candidates);
        if (candidates - count <= (policy.Reducer.AddsToken ? 1 : 0))
        {
            return null;
        }

        var (index, ranking) = Order(ranked, count, policy, context.Encoder.MaskGather == MaskGather.WithTokens);
        var keep = zeros_like(ranked, dtype: @bool).scatter(1, index, ones_like(index, dtype: @bool));
        return new TokenSelection(keep, index, null, null, [.. Enumerable.Repeat(count, (int)batch)], ranking);
    }

    // MED takes its top k + 1 in one go and splits off the last, so that the k-th has no special place.
    private static (Tensor Index, Tensor? Ranking) Order(Tensor ranked, long count, ReductionPolicy policy, bool oneMore)
    {
        if (policy is { Order: TokenOrder.Position, Mask: MaskCarry.WithTokens })
        {
            return (ranked.topk((int)count).indexes.sort(1).Values, null);
        }

        var ranking = ranked.sort(1, descending: true, stable: true).Indices; // [B, N]
        var kept = ranking.slice(1, 0, count, 1);
        var index = policy.Order switch
        {
            TokenOrder.Position => kept.sort(1).Values,
            TokenOrder.Importance => kept,
            TokenOrder.LeastImportantLast when oneMore => kept.sort(1).Values,
            TokenOrder.LeastImportantLast => cat([kept.slice(1, 0, count - 1, 1).sort(1).Values, kept.slice(1, count - 1, count, 1)], 1),
            _ => ranked.topk((int)count + (oneMore ? 1 : 0), sorted: false).indexes.slice(1, 0, count, 1),
        };
        return (index, ranking);
    }

    private static TokenSelection? PerInstance(Tensor ranked, Tensor wanted, ReductionContext context, ReductionPolicy policy)
    {
        var available = KeepCounts.Available(context); // [B]
        var counts = wanted.clamp_min(policy.Floor(context)).minimum(available);
        var gain = policy.Reducer.AddsToken ? 1 : 0;
        counts = where(available - counts <= gain, available, counts); // nothing to gain: keep all
        var reduced = counts < available;
        if (!reduced.any().item<bool>())
        {
            return null;
        }

        var candidates = ranked.shape[1];
        var ranking = ranked.sort(1, descending: true, stable: true).Indices; // [B, N]
        var rank = zeros_like(ranking).scatter(1, ranking, arange(candidates, dtype: int64, device: ranked.device).expand(ranking.shape));
        var keep = rank < counts.unsqueeze(1); // [B, N]
        var width = counts.max().item<long>();
        // Kept tokens first, each group in original order.
        var index = keep.logical_not().to(int64).sort(1, stable: true).Indices.slice(1, 0, width, 1); // [B, k]
        var valid = arange(width, dtype: int64, device: ranked.device).unsqueeze(0) < counts.unsqueeze(1);
        index = index.masked_fill(valid.logical_not(), 0);
        return new TokenSelection(keep, index, valid.to(context.Attended.X.dtype), reduced, counts.cpu().data<long>().ToArray(), ranking);
    }
}

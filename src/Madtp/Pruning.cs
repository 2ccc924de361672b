using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Which of the N candidates stay. Made by <see cref="TokenSelector"/>.</summary>
/// <param name="Keep">True for kept tokens, <c>[B, N]</c> bool.</param>
/// <param name="Index">Kept candidates in their new order, <c>[B, k]</c> int64; padded slots repeat candidate 0.</param>
/// <param name="Valid">1 where a slot of <paramref name="Index"/> is used, <c>[B, k]</c> float; null when all are.</param>
/// <param name="Reduced">True for samples that lose tokens, <c>[B]</c> bool; null when all do.</param>
/// <param name="Counts">Kept candidates of each sample, on the host.</param>
/// <param name="Ranking">All candidates by descending importance, <c>[B, N]</c> int64; null where nobody asked for it.</param>
public sealed record TokenSelection(Tensor Keep, Tensor Index, Tensor? Valid, Tensor? Reduced, long[] Counts, Tensor? Ranking);

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
            TokenOrder.LibraryOnCpu => Unsorted(ranked.cpu()).to(ranked.device),
            _ => Unsorted(ranked),
        };
        return (index, ranking);

        Tensor Unsorted(Tensor values) => values.topk((int)count + (oneMore ? 1 : 0), sorted: false).indexes.slice(1, 0, count, 1);
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

/// <summary>Counts that keep rules share.</summary>
internal static class KeepCounts
{
    /// <summary>Tokens strictly above a threshold, <c>[B]</c> int64; protected tokens count, padding does not.</summary>
    public static Tensor Above(Tensor importance, Tensor threshold, ReductionContext context)
    {
        var above = importance > threshold.unsqueeze(1); // [B, N]
        if (context.Real is not null)
        {
            above = above.logical_and(context.Real != 0);
        }

        if (context.Protected is not null)
        {
            above = above.logical_or(context.Protected);
        }

        return above.sum(1);
    }

    /// <summary>Real candidates of each sample, <c>[B]</c> int64.</summary>
    public static Tensor Available(ReductionContext context) => context.Real is null
        ? full([context.Attended.X.shape[0]], context.Candidates, dtype: int64, device: context.Attended.X.device)
        : context.Real.sum(1).to(int64);
}

/// <summary>Merging of pruned tokens into one, as pure functions.</summary>
public static class TokenMerging
{
    private const double Epsilon = 1e-8;

    /// <summary>True for the tokens to merge: not kept, and not padding. <c>[B, N]</c> bool.</summary>
    public static Tensor Pruned(Tensor keep, Tensor? real) =>
        real is null ? keep.logical_not() : keep.logical_not().logical_and(real != 0);

    /// <summary>Weights TIS_j / (Σ TIS + ε) over the pruned tokens, zero elsewhere: <c>[B, N]</c> to <c>[B, N]</c>. Gradients reach TIS.</summary>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="pruned">1 for pruned tokens, <c>[B, N]</c>.</param>
    public static Tensor Weights(Tensor importance, Tensor pruned)
    {
        var weights = importance * pruned;
        return weights / (weights.sum(1, keepdim: true) + Epsilon);
    }

    /// <summary>Σ_j w_j x_j over the pruned tokens: tokens <c>[B, N, D]</c> to <c>[B, D]</c>.</summary>
    /// <param name="tokens">x, <c>[B, N, D]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="pruned">1 for pruned tokens, <c>[B, N]</c>.</param>
    /// <param name="normalized">Whether w is <see cref="Weights"/>; false for w = TIS.</param>
    public static Tensor Merge(Tensor tokens, Tensor importance, Tensor pruned, bool normalized = true) =>
        (normalized ? Weights(importance, pruned) : importance * pruned).unsqueeze(1).MatMul(tokens).squeeze(1);
}

/// <summary>Carries everything that belongs to the kept tokens over into a shorter sequence, in one place.</summary>
internal static class TokenGather
{
    /// <summary>[class, kept]: tokens <c>[B, N + 1, D]</c> to <c>[B, k + 1, D]</c>.</summary>
    public static TokenState Kept(TokenState tokens, TokenSelection selection, ReductionContext context, ReductionPolicy policy)
    {
        var batch = tokens.X.shape[0];
        var rows = cat([zeros(batch, 1, dtype: int64, device: tokens.X.device), selection.Index + 1], 1); // [B, k + 1]
        var mask = policy.Mask == MaskCarry.Released && tokens.Mask is not null
            ? ReleasedMask(tokens.Mask, rows, selection, context)
            : ValidMask(tokens.Mask, rows, selection);
        return tokens with
        {
            X = tokens.X.gather(1, rows.unsqueeze(2).expand(-1, -1, tokens.X.shape[2])),
            Mask = mask,
            Filled = ValidMask(tokens.Filled, rows, selection),
            Position = Carry(tokens.Position, rows, selection, -1),
            Size = Carry(tokens.Size, rows, selection, 0),
            EndOfText = policy.ProtectEndOfText ? MovedRow(tokens.EndOfText, rows) : tokens.EndOfText,
        };
    }

    /// <summary>Appends the merged token <c>[B, D]</c> as the last row of <paramref name="kept"/>.</summary>
    public static TokenState Append(TokenState kept, Tensor merged, Tensor pruned, TokenState before, TokenSelection selection, ReductionPolicy policy)
    {
        var batch = merged.shape[0];
        var device = merged.device;
        return kept with
        {
            X = cat([kept.X, merged.unsqueeze(1)], 1), // [B, k + 2, D]
            Mask = MergedMask(kept.Mask, pruned, before, selection, policy),
            Filled = kept.Filled is null ? null : cat([kept.Filled, pruned.amax([1], keepdim: true).to(kept.Filled.dtype)], 1),
            Position = kept.Position is null ? null : cat([kept.Position, full([batch, 1], -1, dtype: int64, device: device)], 1),
            Size = kept.Size is null ? null : cat([kept.Size, (before.Size!.slice(1, 1, before.Length, 1) * pruned).sum(1, keepdim: true)], 1),
        };
    }

    // A merged token is real where anything was merged into it.
    private static Tensor? MergedMask(Tensor? keptMask, Tensor pruned, TokenState before, TokenSelection selection, ReductionPolicy policy)
    {
        if (keptMask is null)
        {
            return null;
        }

        var valid = pruned.amax([1], keepdim: true).to(keptMask.dtype); // [B, 1]
        if (policy.Mask == MaskCarry.Released && before.Mask is not null)
        {
            var ranks = tensor(selection.Counts, dtype: int64, device: keptMask.device).clamp_max(selection.Keep.shape[1] - 1).unsqueeze(1); // [B, 1]
            valid = valid * before.Mask.gather(1, selection.Ranking!.gather(1, ranks) + 1); // of the most important pruned token
        }

        return cat([keptMask, valid], 1);
    }

    private static Tensor? ValidMask(Tensor? mask, Tensor rows, TokenSelection selection)
    {
        var carried = mask?.gather(1, rows);
        if (selection.Valid is null)
        {
            return carried;
        }

        var valid = cat([ones_like(rows.slice(1, 0, 1, 1), dtype: selection.Valid.dtype), selection.Valid], 1); // [B, k + 1]
        return carried is null ? valid : carried * valid;
    }

    private static Tensor ReleasedMask(Tensor mask, Tensor rows, TokenSelection selection, ReductionContext context)
    {
        if (context.Encoder.MaskGather != MaskGather.ByImportance)
        {
            return ValidMask(mask, rows, selection)!;
        }

        var ranks = selection.Ranking!.slice(1, 0, rows.shape[1] - 1, 1) + 1;
        return ValidMask(mask, cat([rows.slice(1, 0, 1, 1), ranks], 1), selection)!;
    }

    private static Tensor? Carry(Tensor? perToken, Tensor rows, TokenSelection selection, int padding)
    {
        if (perToken is null)
        {
            return null;
        }

        var carried = perToken.gather(1, rows);
        return selection.Valid is null
            ? carried
            : cat([carried.slice(1, 0, 1, 1), carried.slice(1, 1, rows.shape[1], 1).masked_fill(selection.Valid == 0, padding)], 1);
    }

    private static Tensor? MovedRow(Tensor? row, Tensor rows) => row is null ? null : (rows == row.unsqueeze(1)).to(int64).argmax(1);
}

/// <summary>Pruned tokens come back as one, weighted by importance and appended last: [class, kept, merged] (Section 3.3).</summary>
public sealed record MergeReducer : ITokenReducer
{
    /// <summary>Whether the weights are made to sum 1; EViT leaves the attention as it is.</summary>
    public bool Normalized { get; init; } = true;

    /// <inheritdoc/>
    public bool AddsToken => true;

    /// <inheritdoc/>
    public TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy)
    {
        var kept = TokenGather.Kept(tokens, selection, context, policy);
        var candidates = tokens.X.slice(1, 1, tokens.Length, 1); // [B, N, D]
        var pruned = TokenMerging.Pruned(selection.Keep, context.Real).to(tokens.X.dtype); // [B, N]
        var merged = TokenMerging.Merge(candidates, importance.Total, pruned, Normalized); // [B, D]
        return TokenGather.Append(kept, merged, pruned, tokens, selection, policy);
    }
}

/// <summary>Pruned tokens are gone: the sequence becomes [class, kept].</summary>
public sealed record DropReducer : ITokenReducer
{
    /// <inheritdoc/>
    public bool AddsToken => false;

    /// <inheritdoc/>
    public TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy) =>
        TokenGather.Kept(tokens, selection, context, policy);
}

using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>The prune mask M_p (eq. 10) as a keep rule wants it, before samples of one batch are reconciled.</summary>
/// <param name="Keep">M_p: true for candidates that stay, <c>[B, N]</c> bool.</param>
/// <param name="Thresholds">One threshold per learnable token, <c>[B, K]</c>; null for rules without one.</param>
public sealed record PruneMask(Tensor Keep, Tensor? Thresholds = null)
{
    /// <summary>θ (eq. 9), <c>[B]</c>; null for rules without one.</summary>
    public Tensor? Threshold => Thresholds is null ? null : LearnableThreshold.Minimum(Thresholds);

    /// <summary>Tokens that stay in each sample, <c>[B]</c> int64.</summary>
    public Tensor Counts => Keep.sum(1);

    /// <summary>M_p[n] = TIS[n] > θ, strictly (eq. 10); protected tokens stay, padding does not.</summary>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="thresholds">One per learnable token, <c>[B, K]</c>.</param>
    public static PruneMask Above(Tensor importance, ReductionContext context, Tensor thresholds)
    {
        var above = importance > LearnableThreshold.Minimum(thresholds).unsqueeze(1); // [B, N]
        above = context.Mask is null ? above : above.logical_and(context.Mask != 0);
        return new PruneMask(context.Protected is null ? above : above.logical_or(context.Protected), thresholds);
    }

    /// <summary>The most important tokens of each sample.</summary>
    /// <param name="counts">How many, <c>[B]</c> int64.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    public static PruneMask Top(Tensor counts, Tensor importance, ReductionContext context) =>
        new(TokenRanking.Ranks(TokenRanking.Ranked(importance, context)) < counts.unsqueeze(1));
}

/// <summary>Orders candidates by importance: protected tokens first, padding last.</summary>
internal static class TokenRanking
{
    /// <summary>TIS, detached, +∞ where protected and −∞ for padding, <c>[B, N]</c>.</summary>
    public static Tensor Ranked(Tensor importance, ReductionContext context)
    {
        var ranked = importance.detach();
        ranked = context.Mask is null ? ranked : ranked.masked_fill(context.Mask == 0, float.NegativeInfinity);
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

/// <summary>How samples that would keep different numbers of tokens share one batch (Table 4, "operation").</summary>
public enum BatchLayout
{
    /// <summary>Every sample keeps as many tokens as the one that keeps most (released). Its output depends on its batch
    /// mates.</summary>
    MaxKeep,
    /// <summary>Every sample keeps the mean number.</summary>
    MeanKeep,
    /// <summary>Every sample keeps its own number; shorter ones are padded and masked. Output is the same alone or in any
    /// batch.</summary>
    PerInstance,
}

/// <summary>What happens in a layer that would keep too few tokens.</summary>
public enum BelowFloor
{
    /// <summary>The layer keeps all its tokens (released).</summary>
    KeepAll,
    /// <summary>The layer keeps as many as the floor says.</summary>
    KeepFloor,
}

/// <summary>The prune mask as it is applied, and the shorter sequence that it makes.</summary>
/// <param name="Keep">M_p: true for candidates that stay, <c>[B, N]</c> bool.</param>
/// <param name="Rows">Rows of the sequence that go on, in their new order, <c>[B, N']</c> int64.</param>
/// <param name="Valid">1 where a slot of <paramref name="Rows"/>is used, 0 where it pads, <c>[B, N']</c>; null when all are
/// used.</param>
public sealed record KeptRows(Tensor Keep, Tensor Rows, Tensor? Valid)
{
    /// <summary>Candidates by descending importance, <c>[B, N]</c> int64, where masks are carried as released; null
    /// elsewhere.</summary>
    internal Tensor? Ranking { get; init; }

    /// <summary>Fits a wanted mask to the policy's batch layout and floor.</summary>
    /// <param name="wanted">M_p as the keep rule wants it.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <returns>Null where the block keeps everything.</returns>
    public static KeptRows? Of(PruneMask wanted, Tensor importance, ReductionContext context)
    {
        using var off = no_grad();
        var ranked = TokenRanking.Ranked(importance, context);
        var keep = wanted.Keep.logical_or(ranked.eq(float.PositiveInfinity));
        var kept = context.Policy.Layout == BatchLayout.PerInstance ? PerInstance(keep, ranked, context)
            : Rectangular(keep, ranked, context);
        return kept is not null && context.Policy.Mask == MaskCarry.Released ? kept with { Ranking = TokenRanking.Order(ranked) }
            : kept;
    }

    /// <summary>The rows that stay, with everything that belongs to them.</summary>
    public TokenState Gather(TokenState tokens, ReductionContext context) => tokens with
    {
        X = Gathered(tokens.X),
        Mask = Validated(ReleasedMasks.Gather(this, tokens, context) ?? tokens.Mask?.gather(1, Rows)),
        Filled = Validated(tokens.Filled?.gather(1, Rows)),
        Candidates = tokens.Candidates?.gather(1, Rows),
        Position = Padded(tokens.Position?.gather(1, Rows), -1),
        Size = Padded(tokens.Size?.gather(1, Rows), 0),
        EndOfText = context.Policy.ProtectEndOfText && tokens.EndOfText is { } end
            ? (Rows == end.unsqueeze(1)).to(int64).argmax(1)
            : tokens.EndOfText,
    };

    /// <summary><see cref="Gather"/> and one more row, last, that stands for the pruned tokens; a row of padding where none was
    /// pruned.</summary>
    /// <param name="merged">The new row, <c>[B, D]</c>.</param>
    public TokenState GatherWith(TokenState tokens, Tensor merged, ReductionContext context)
    {
        var kept = Gather(tokens, context);
        var pruned = TokenMerging.Pruned(Keep, context.Mask).to(merged.dtype); // [B, N]
        var any = pruned.amax([1], keepdim: true); // [B, 1]
        return kept with
        {
            X = cat([kept.X, merged.unsqueeze(1)], 1), // [B, N' + 1, D]
            Mask = Joined(kept.Mask, ReleasedMasks.OfMerged(this, any, tokens, context) ?? any),
            Filled = Joined(kept.Filled, any),
            Candidates = Joined(kept.Candidates, ones_like(any)),
            Position = Joined(kept.Position, full_like(any, -1)),
            Size = tokens.Size is null ? null
                : Joined(kept.Size, (context.Candidates.Take(tokens.Size) * pruned).sum(1, keepdim: true)),
        };
    }

    private static KeptRows? PerInstance(Tensor keep, Tensor ranked, ReductionContext context)
    {
        var token = context.Mask is null ? ones_like(keep) : context.Mask != 0; // [B, N]
        keep = keep.logical_and(token);
        var (counts, floor) = (keep.sum(1), context.Policy.Floor(context)); // [B]
        var few = counts < floor;
        var gains = context.Available - counts.clamp_min(floor) > (context.Policy.Reducer.AddsToken ? 1 : 0); // [B]
        using var told = stack([few.any(), gains.any()]).cpu(); // one wait for both
        var (anyFew, anyGains) = (told[0].item<bool>(), told[1].item<bool>());
        if (anyFew)
        {
            keep = keep.logical_or(TokenRanking.Ranks(ranked) < floor).logical_and(token);
        }

        return anyGains ? InOrder(where(gains.unsqueeze(1), keep, token), context) : null;
    }

    // Here alone counts exist: a batch without padding has one for all its samples.
    private static KeptRows? Rectangular(Tensor keep, Tensor ranked, ReductionContext context)
    {
        var (policy, candidates) = (context.Policy, ranked.shape[1]);
        var counts = keep.sum(1); // [B]
        var count = policy.Layout == BatchLayout.MaxKeep
            ? counts.max().item<long>()
            : Math.Max((long)Math.Round(counts.to(float64).mean().item<double>()),
                ranked.eq(float.PositiveInfinity).sum(1).max().item<long>());
        var floor = policy.Floor(context);
        count = policy.BelowFloor == BelowFloor.KeepAll && count <= floor ? candidates
            : Math.Clamp(count, Math.Min(floor, candidates), candidates);
        if (candidates - count <= (policy.Reducer.AddsToken ? 1 : 0))
        {
            return null;
        }

        var kept = InOrder(TokenRanking.Ranks(ranked) < count, context);
        return policy.Order == TokenOrder.Position ? kept : kept with { Rows = ReleasedOrders.Rows(ranked, count, context) };
    }

    // Rows that stay first, each group in its order; what is behind the longest sample's last falls off.
    private static KeptRows InOrder(Tensor keep, ReductionContext context)
    {
        var stay = context.Candidates.WithOthers(keep); // [B, rows]
        var places = stay.cumsum(1); // [B, rows], from 1
        var lengths = places.select(1, -1);
        var width = lengths.max().item<long>();
        var all = arange(stay.shape[1], dtype: int64, device: keep.device).expand(stay.shape);
        var rows = zeros([stay.shape[0], width + 1], dtype: int64, device: keep.device)
            .scatter_(1, places * stay, all).slice(1, 1, width + 1, 1); // [B, N'], row 0 where a sample is shorter
        var full = context.Policy.Layout != BatchLayout.PerInstance && context.Attended.Candidates is null;
        return new KeptRows(
            keep, rows, full ? null
            : (arange(width, device: keep.device).unsqueeze(0) < lengths.unsqueeze(1)).to(context.Attended.X.dtype));
    }

    // Whole rows are copied: much faster than element by element.
    private Tensor Gathered(Tensor x)
    {
        var (batch, length) = (x.shape[0], x.shape[1]);
        var first = arange(0, batch * length, length, dtype: int64, device: x.device).unsqueeze(1); // [B, 1]
        return x.flatten(0, 1).index_select(0, (Rows + first).flatten()).view(batch, Rows.shape[1], -1);
    }

    private Tensor? Validated(Tensor? mask) => Valid is null ? mask : mask is null ? Valid : mask * Valid;

    private Tensor? Padded(Tensor? perRow, int padding) =>
        perRow is null || Valid is null ? perRow : perRow.masked_fill(Valid == 0, padding);

    private static Tensor? Joined(Tensor? perRow, Tensor last) => perRow is null ? null : cat([perRow, last.to(perRow.dtype)], 1);
}

/// <summary>Merging of pruned tokens into one (Section 3.3), as pure functions over the N candidates.</summary>
public static class TokenMerging
{
    private const double Epsilon = 1e-8;

    /// <summary>True for the tokens to merge: not kept, and not padding. <c>[B, N]</c> bool.</summary>
    public static Tensor Pruned(Tensor keep, Tensor? mask) =>
        mask is null ? keep.logical_not() : keep.logical_not().logical_and(mask != 0);

    /// <summary>Weights TIS_j / (Σ TIS + ε) over the pruned tokens, zero elsewhere, <c>[B, N]</c>. Gradients reach TIS.</summary>
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

/// <summary>Pruned tokens come back as one, weighted by importance and appended last: [class, kept, merged] (Section
/// 3.3).</summary>
public sealed record MergeReducer : ITokenReducer
{
    /// <summary>Whether the weights are made to sum 1; EViT leaves the attention as it is.</summary>
    public bool Normalized { get; init; } = true;

    public bool AddsToken => true;

    /// <summary>Every pruned token is weighed: one more than the sequence gets shorter by.</summary>
    public PartCost Cost(LayerShape layer, long removed) => new(0, (removed + 1) * layer.Width);

    public TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context)
    {
        var pruned = TokenMerging.Pruned(kept.Keep, context.Mask).to(context.X.dtype); // [B, N]
        return kept.GatherWith(context.Attended, TokenMerging.Merge(context.X, importance.Total, pruned, Normalized), context);
    }
}

/// <summary>Pruned tokens are gone: the sequence becomes [class, kept].</summary>
public sealed record DropReducer : ITokenReducer
{
    public PartCost Cost(LayerShape layer, long removed) => default;

    public TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context) =>
        kept.Gather(context.Attended, context);
}

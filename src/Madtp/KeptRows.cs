using System.Diagnostics.CodeAnalysis;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

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

/// <summary>The prune mask as it is applied, and the shorter sequence that it makes.</summary>
/// <param name="Keep">M_p: true for candidates that stay, <c>[B, N]</c> bool.</param>
public sealed record KeptRows(Tensor Keep)
{
    private Tensor? rows, inBatch; // of each sample, and of the batch's B·rows

    // Rows of a sample before and after, and whether it lost tokens, as the host knows it; null where all get equally long.
    private (int Before, int[] Kept, bool[] Merges)? lengths;

    /// <summary>Rows of the sequence that go on, in their new order, <c>[B, N']</c> int64.</summary>
    public Tensor Rows
    {
        get => rows ??= inBatch!.view(Keep.shape[0], -1).remainder(lengths!.Value.Before);
        init => (rows, inBatch) = (value, null);
    }

    /// <summary>Candidates by descending importance, <c>[B, N]</c> int64; null where nobody asks.</summary>
    internal Tensor? Ranking { get; init; }

    /// <summary>Fits a wanted mask to the policy's batch layout and floor; null where the block keeps everything.</summary>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    public static KeptRows? Of(PruneMask wanted, Tensor importance, ReductionContext context)
    {
        using var off = no_grad();
        var keep = wanted.IsFinal ? wanted.Keep : PruneMask.Final(wanted.Keep, TokenRanking.Ranked(importance, context), context);
        return context.Policy.Layout == BatchLayout.PerInstance ? PerInstance(keep, importance, context)
            : Rectangular(keep, TokenRanking.Ranked(importance, context), context);
    }

    /// <summary>The rows that stay, with everything that belongs to them.</summary>
    /// <param name="importance">TIS, <c>[B, N]</c>: adds one more row, last, into which the pruned tokens merge; a row of padding
    /// where none was pruned. Null drops them.</param>
    /// <param name="normalized">Whether the weights of the merged are made to sum 1.</param>
    public TokenState Gather(TokenState tokens, ReductionContext context, Tensor? importance = null, bool normalized = true)
    {
        var merges = importance is not null;
        var (filled, packed) = lengths is null ? default : Fill(merges, tokens.X.dtype, tokens.X.device);
        var areTokens = lengths is not null
            && (tokens.Mask is null || context.Policy is { ExcludePadding: true, MisplacedMasks: false });
        var keepsMask = tokens is { Mask: not null, EndOfText: not null }; // causal attention asks whether padding is known
        return tokens with
        {
            X = merges ? Merged(tokens.X, importance!, normalized, context) : Gathered(tokens.X),
            Mask = areTokens ? filled ?? (keepsMask ? Join(ones_like(Rows, dtype: tokens.X.dtype), Any) : null) : Padded(0, Join(
                ReleasedMasks.Gather(this, tokens, context) ?? tokens.Mask?.gather(1, Rows),
                () => ReleasedMasks.OfMerged(this, Any(), tokens, context) ?? Any())),
            Filled = lengths is not null ? filled : Join(tokens.Filled?.gather(1, Rows), Any),
            Packed = packed,
            Candidates = Join(tokens.Candidates?.gather(1, Rows), () => ones_like(Any())),
            Position = Padded(-1, Join(tokens.Position?.gather(1, Rows), () => full_like(Any(), -1))),
            Size = Padded(0, Join(tokens.Size?.gather(1, Rows),
                () => (context.Candidates.Take(tokens.Size!) * Pruned()).sum(1, keepdim: true))),
            EndOfText = context.Policy.ProtectEndOfText && tokens.EndOfText is { } end
                ? (Rows == end.unsqueeze(1)).to(int64).argmax(1)
                : tokens.EndOfText,
        };

        [return: NotNullIfNotNull(nameof(perRow))]
        Tensor? Join(Tensor? perRow, Func<Tensor> last) =>
            perRow is null || !merges ? perRow : cat([perRow, last().As(perRow.dtype)], 1);
        Tensor? Padded(int padding, Tensor? perRow) =>
            perRow is null || filled is null ? perRow : perRow.masked_fill(filled == 0, padding);
        Tensor Pruned() => TokenMerging.Pruned(Keep, context.Mask).to(tokens.X.dtype); // [B, N]
        Tensor Any() => Pruned().amax([1], keepdim: true); // 1 where a token was merged, [B, 1]
    }

    private static KeptRows? PerInstance(Tensor keep, Tensor importance, ReductionContext context)
    {
        var (floor, leastGain) = (context.Policy.Floor(context), context.Policy.Reducer.AddsToken ? 2 : 1);
        var (batch, slots) = ((int)keep.shape[0], (int)keep.shape[1]);
        var (stays, real) = ToHost(keep, context.Mask);
        var (kept, all) = (Counts(stays, batch), Counts(real, batch));
        var keepsAll = context.Policy.KeepAllBelowFloor; // of a sample with too few
        bool[] hasFew = [.. kept.Zip(all, (some, every) => keepsAll ? some <= floor : some < Math.Min(floor, every))];
        if (!keepsAll && hasFew.Contains(true))
        {
            var best = PruneMask.Top(full([1], floor, dtype: int64, device: keep.device), importance, context).Keep;
            keep = keep.logical_or(best.logical_and(tensor(hasFew, [batch, 1], device: keep.device)));
            (stays, _) = ToHost(keep);
            kept = Counts(stays, batch);
        }

        bool[] gains = [.. Enumerable.Range(0, batch)
            .Select(sample => all[sample] - kept[sample] >= leastGain && !(keepsAll && hasFew[sample]))];
        if (!gains.Contains(true))
            return null;

        if (gains.Contains(false))
        {
            foreach (var (sample, _) in gains.Index().Where(one => !one.Item))
                real.AsSpan(sample * slots, slots).CopyTo(stays.AsSpan(sample * slots));

            keep = tensor(stays, keep.shape, device: keep.device);
        }

        var rows = InOrder(keep, stays, all, context);
        return context.Policy.MisplacedMasks
            ? rows with { Ranking = TokenRanking.Order(TokenRanking.Ranked(importance, context)) }
            : rows;
    }

    // Here alone counts exist: a batch without padding has one for all its samples.
    private static KeptRows? Rectangular(Tensor keep, Tensor ranked, ReductionContext context)
    {
        var (policy, candidates) = (context.Policy, ranked.shape[1]);
        var counts = Counts(ToHost(keep).Stays, (int)keep.shape[0]);
        var count = policy.Layout == BatchLayout.MaxKeep
            ? counts.Max()
            : Math.Max((long)Math.Round(counts.Average()), ranked.eq(float.PositiveInfinity).sum(1).max().item<long>());
        var floor = policy.Floor(context);
        count = policy.KeepAllBelowFloor && count <= floor ? candidates
            : Math.Clamp(count, Math.Min(floor, candidates), candidates);
        if (candidates - count <= (policy.Reducer.AddsToken ? 1 : 0))
            return null;

        var ranking = TokenRanking.Order(ranked);
        var best = ranking.slice(1, 0, count, 1); // [B, count]
        keep = zeros_like(ranked, dtype: @bool).scatter_(1, best, ones_like(best, dtype: @bool));
        KeptRows kept;
        if (context.Candidates.IsAllButFirst)
        {
            kept = new KeptRows(keep) { Rows = nn.functional.pad(best.sort(1).Values + 1, [1, 0]) };
        }
        else
        {
            keep = context.Mask is null ? keep : keep.logical_and(context.Mask != 0);
            var (stays, real) = ToHost(keep, context.Mask);
            kept = InOrder(keep, stays, Counts(real, (int)keep.shape[0]), context);
        }

        kept = policy.Order == TokenOrder.Position ? kept : kept with { Rows = ReleasedOrders.Rows(ranked, count, context) };
        return kept with { Ranking = ranking };
    }

    // Rows that stay, in their order; where a sample is shorter than others, its first row fills it up. The host counts and
    // sorts: it waits for the numbers anyhow, and a dozen operators on a few rows cost more.
    private static KeptRows InOrder(Tensor keep, bool[] stays, int[] all, ReductionContext context)
    {
        var (batch, before, first) = (all.Length, context.Attended.Length, context.Candidates.IsAllButFirst ? 1 : 0);
        bool[] merges = [.. Counts(stays, batch).Zip(all, (kept, every) => kept < every)];
        stays = first == 1 ? stays : ToHost(context.Candidates.WithOthers(keep)).Stays;
        int[] lengths = [.. Counts(stays, batch).Select(count => count + first)];
        var (width, slots) = (lengths.Max(), stays.Length / batch); // slots for the rows from the first on
        var inBatch = empty([batch * width], int64);
        var rows = MemoryMarshal.Cast<byte, long>(inBatch.bytes);
        for (var sample = 0; sample < batch; sample++)
        {
            var (from, at) = ((long)sample * before, sample * width);
            var end = at + lengths[sample];
            rows.Slice(at, width).Fill(from);
            at += first;
            for (var slot = 0; at < end; slot++)
            {
                rows[at] = from + first + slot; // written over by the next row where this one does not stay
                at += stays[(sample * slots) + slot] ? 1 : 0;
            }
        }

        return new KeptRows(keep) { inBatch = inBatch.On(keep.device), lengths = (before, lengths, merges) };
    }

    // Which slots of a batch stay, and which hold a token: the one question of a block that waits for the device.
    private static (bool[] Stays, bool[] Real) ToHost(Tensor keep, Tensor? mask = null)
    {
        var asked = mask is null ? keep : mask.masked_fill(keep, 2).As(float32); // 0 for padding, 1 pruned, 2 kept
        using var here = (asked.is_contiguous() ? asked : asked.contiguous()).cpu();
        if (mask is null)
        {
            var all = MemoryMarshal.Cast<byte, bool>(here.bytes).ToArray();
            return (all, [.. Enumerable.Repeat(true, all.Length)]);
        }

        var slots = RowWise.Numbers(here);
        var (stays, real) = (new bool[slots.Length], new bool[slots.Length]);
        for (var slot = 0; slot < slots.Length; slot++)
            (stays[slot], real[slot]) = (slots[slot] > 1, slots[slot] > 0);

        return (stays, real);
    }

    // How many are true in each sample.
    private static int[] Counts(bool[] slots, int batch)
    {
        var own = slots.Length / batch;
        return [.. Enumerable.Range(0, batch).Select(sample => slots.AsSpan(sample * own, own).Count(true))];
    }

    // The rows that stay and the merged one, [B, N' + 1, D].
    private Tensor Merged(Tensor x, Tensor importance, bool normalized, ReductionContext context)
    {
        // [B, N]; no products: what stays, or is padding, may have +∞, which times 0 is no number.
        var weights = importance.As(x.dtype).masked_fill(Keep, 0);
        weights = context.Candidates.Padded is { } padded ? weights.masked_fill_(padded, 0) : weights;
        return inBatch is not null && context.Candidates.IsAllButFirst && Products.GoInOnePass(x) && x.is_contiguous()
            ? TokenMerging.InOnePass(x, inBatch, weights.is_contiguous() ? weights : weights.contiguous(), normalized)
            : cat([Gathered(x), TokenMerging.Merge(context.X, weights, normalized)], 1);
    }

    // Whole rows are copied: much faster than element by element.
    private Tensor Gathered(Tensor x)
    {
        var (batch, length) = (x.shape[0], x.shape[1]);
        Tensor InBatch() => (Rows + arange(0, batch * length, length, device: x.device).unsqueeze(1)).flatten(); // [B·N']
        return x.flatten(0, 1).index_select(0, inBatch ?? InBatch()).view(batch, -1, x.shape[2]);
    }

    // 1 for rows that hold a token and 0 for those that make the samples equally long, [B, N'], null when all hold one; and which
    // of B·N' do (TokenState.Packed).
    private (Tensor? Filled, Tensor? Packed) Fill(bool merged, ScalarType type, Device device)
    {
        var (_, kept, merges) = lengths!.Value;
        var length = kept.Max() + (merged ? 1 : 0);
        var used = kept.Sum() + (merged ? merges.Count(lost => lost) : 0);
        if (used == kept.Length * length)
            return default;

        var filled = zeros(kept.Length, length);
        var numbers = RowWise.Numbers(filled);
        for (var sample = 0; sample < kept.Length; sample++)
        {
            var own = numbers.Slice(sample * length, length);
            own[..kept[sample]].Fill(1);
            own[^1] = merged && merges[sample] ? 1 : own[^1];
        }

        return (filled.As(type).On(device), FilledRows.Pack(numbers, used, device));
    }
}

using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

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

using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Which rows of a sequence may be pruned, as <see cref="TokenState.Candidates"/> says: every row but the class token in
/// row 0 where it says nothing. All per-candidate tensors have N slots a sample, in order of the rows.</summary>
public sealed class CandidateRows
{
    private readonly Tensor? rows; // [B, N] int64, ascending; null for rows 1, 2, …
    private readonly Tensor? others; // true for rows that go on whatever happens, [B, rows] bool; null for row 0

    private CandidateRows(Tensor? rows, Tensor? mask, int count, Tensor? others) =>
        (this.rows, Mask, Count, this.others) = (rows, mask, count, others);

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>1 for slots that hold a token, 0 for padding, <c>[B, N]</c>; null when all do.</summary>
    public Tensor? Mask { get; }

    /// <summary>True for slots of padding, <c>[B, N]</c> bool; null where there is none.</summary>
    internal Tensor? Padded => Mask is null ? null : field ??= Mask == 0;

    /// <summary>Their <see cref="AlignmentGuidance.Padding"/>; null where there is none.</summary>
    internal Tensor? Padding => Padded is null ? null : field ??= AlignmentGuidance.Padding(Padded).As(Mask!.dtype);

    /// <summary>Whether they are all rows but row 0.</summary>
    internal bool IsAllButFirst => rows is null;

    /// <summary>The candidates of a sequence, of which a mask says 1 for tokens and 0 for padding, <c>[B, rows]</c>; null when
    /// all are tokens.</summary>
    public static CandidateRows Of(TokenState tokens, Tensor? mask)
    {
        using var off = no_grad();
        var length = tokens.Length;
        if (tokens.Candidates is not { } candidates)
            return new CandidateRows(null, mask?.slice(1, 1, length, 1), length - 1, null);

        var token = mask is null ? ones_like(candidates) : mask != 0;
        var may = candidates.logical_and(token); // [B, rows]
        var count = may.sum(1).max().item<long>();
        var rows = may.logical_not().to(int64).sort(1, stable: true).Indices.slice(1, 0, count, 1); // [B, N]
        return new CandidateRows(
            rows, may.gather(1, rows).to(tokens.X.dtype), (int)count, candidates.logical_not().logical_and(token));
    }

    /// <summary>Of values for every row, <c>[B, …, rows, …]</c>, those for the candidates, <c>[B, …, N, …]</c>.</summary>
    public Tensor Take(Tensor perRow, int dimension = 1)
    {
        if (rows is null)
            return perRow.slice(dimension, 1, perRow.shape[dimension], 1);

        long[] shape = [.. perRow.shape], view = [.. Enumerable.Repeat(1L, shape.Length)];
        (view[0], view[dimension], shape[dimension]) = (rows.shape[0], Count, Count);
        return perRow.gather(dimension, rows.view(view).expand(shape));
    }

    /// <summary>The rows in which candidates stand, by the candidates' number: <c>[B, n]</c> int64 to the same.</summary>
    internal Tensor Rows(Tensor candidates) => rows is null ? candidates + 1 : rows.gather(1, candidates);

    /// <summary>True for the rows that go on: some of the candidates <c>[B, N]</c>, and whatever is none, <c>[B, rows]</c>
    /// bool.</summary>
    internal Tensor WithOthers(Tensor keep) => others is null ? nn.functional.pad(keep, [1, 0], value: 1) : Put(others, keep);

    /// <summary>The inverse of <see cref="Take"/>: values for every row, <c>[B, rows]</c> or <c>[B, rows, D]</c>, those of the
    /// candidates replaced.</summary>
    public Tensor Put(Tensor perRow, Tensor perCandidate)
    {
        if (rows is null)
            return cat([perRow.slice(1, 0, 1, 1), perCandidate], 1);

        var (index, used) = perRow.shape.Length == 2
            ? (rows, Mask! != 0)
            : (rows.unsqueeze(2).expand(perCandidate.shape), (Mask! != 0).unsqueeze(2));
        return perRow.scatter(1, index, where(used, perCandidate, perRow.gather(1, index)));
    }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Which of the N candidates stay. Made by <see cref="TokenSelector"/>.</summary>
/// <param name="Keep">True for kept tokens, <c>[B, N]</c> bool.</param>
/// <param name="Index">Kept candidates in their new order, <c>[B, k]</c> int64; padded slots repeat candidate 0.</param>
/// <param name="Valid">1 where a slot of <paramref name="Index"/> is used, <c>[B, k]</c> float; null when all are.</param>
/// <param name="Reduced">True for samples that lose tokens, <c>[B]</c> bool; null when all do.</param>
/// <param name="Counts">Kept candidates of each sample, on the host.</param>
/// <param name="Ranking">All candidates by descending importance, <c>[B, N]</c> int64; null where nobody asked for it.</param>
public sealed record TokenSelection(Tensor Keep, Tensor Index, Tensor? Valid, Tensor? Reduced, long[] Counts, Tensor? Ranking);

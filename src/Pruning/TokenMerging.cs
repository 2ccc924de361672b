using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

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

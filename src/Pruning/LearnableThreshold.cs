using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>The learnable threshold θ of dynamic token pruning (eq. 7–9): an importance, averaged where the learnable tokens look.</summary>
public static class LearnableThreshold
{
    /// <summary>
    /// Released: θ_k = Σ_n softmax_n(R/T)[n, k] · TIS[n]. A larger T is flatter, θ nears the mean of TIS, more is pruned.
    /// </summary>
    /// <param name="rawAlignment">R, <c>[B, N, K]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T > 0.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; padding gets no weight. Null when all are real.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor Softmax(Tensor rawAlignment, Tensor importance, double temperature, Tensor? real = null)
    {
        var scores = rawAlignment / temperature;
        var weights = (real is null ? scores : scores.masked_fill(real.unsqueeze(2) == 0, -1e9)).softmax(1); // [B, N, K]
        return (weights * importance.unsqueeze(2)).sum(1);
    }

    /// <summary>
    /// Paper: Â = sparsemax over tokens of T·A, θ_k = Σ_n Â[k, n] · TIS[n]. A larger T is sharper; T = 0 gives the mean of TIS.
    /// </summary>
    /// <param name="alignmentMaps">A, <c>[B, K, N]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T ≥ 0.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor SparsemaxThreshold(Tensor alignmentMaps, Tensor importance, double temperature, Tensor? real = null)
    {
        var scores = alignmentMaps * temperature;
        var weights = Sparsemax.Project(real is null ? scores : scores.masked_fill(real.unsqueeze(1) == 0, -1e9)); // [B, K, N]
        return (weights * importance.unsqueeze(1)).sum(2);
    }

    /// <summary>θ = min_k θ_k (eq. 9): <c>[B, K]</c> to <c>[B]</c>.</summary>
    public static Tensor Minimum(Tensor thresholds) => thresholds.amin([1]);
}

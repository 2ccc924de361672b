using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Sparsemax (Martins and Astudillo, 2016; eq. 7–8): the Euclidean projection onto the probability simplex.</summary>
public static class Sparsemax
{
    /// <summary>
    /// p = max(z − τ(z), 0) along the last dimension, any shape. Rows sum to 1 and are mostly zero.
    /// The gradient of g is g − mean of g on the support, and zero off it.
    /// </summary>
    public static Tensor Project(Tensor scores)
    {
        // A common shift changes nothing; with the greatest score at 0 no size of scores drowns the 1.
        var centred = scores - scores.amax([-1], keepdim: true).detach();
        var (sorted, _) = centred.sort(-1, descending: true);
        var sums = sorted.cumsum(-1); // Σ_{i≤j} z_(i)
        var rank = arange(1, scores.shape[^1] + 1, dtype: scores.dtype, device: scores.device);
        var support = ((rank * sorted) + 1 > sums).sum(-1, keepdim: true); // k(z), [..., 1]
        var threshold = (sums.gather(-1, support - 1) - 1) / support; // τ, [..., 1]
        return (centred - threshold).clamp_min(0);
    }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>
/// The learnable threshold θ of dynamic token pruning (eq. 7–9): an importance, averaged where the learnable tokens look. Pure
/// functions over the N candidates; <c>mask</c> is 1 for tokens and 0 for padding, which gets no weight, <c>[B, N]</c>.
/// </summary>
public static class LearnableThreshold
{
    /// <summary>
    /// Paper: Â = sparsemax over tokens of T·A (eq. 7), θ_k = Σ_n Â[k, n] · TIS[n] (eq. 8). A larger T is sharper; T = 0 gives
    /// the mean of TIS.
    /// </summary>
    /// <param name="alignmentMaps">A, <c>[B, K, N]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T ≥ 0.</param>
    /// <param name="mask">Null when all are tokens.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor SparsemaxThreshold(Tensor alignmentMaps, Tensor importance, double temperature, Tensor? mask = null)
    {
        var scores = alignmentMaps * temperature;
        var weights = Sparsemax.Project(mask is null ? scores : scores.masked_fill(mask.unsqueeze(1) == 0, -1e9)); // Â, [B, K, N]
        return (weights * importance.unsqueeze(1)).sum(2);
    }

    /// <summary>
    /// Released: θ_k = Σ_n softmax_n(R/T)[n, k] · TIS[n]. A larger T is flatter, θ nears the mean of TIS, more is pruned.
    /// </summary>
    /// <param name="rawAlignment">R, <c>[B, N, K]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T > 0.</param>
    /// <param name="mask">Null when all are tokens.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor Softmax(Tensor rawAlignment, Tensor importance, double temperature, Tensor? mask = null)
    {
        var scores = rawAlignment / temperature;
        var weights = (mask is null ? scores : scores.masked_fill(mask.unsqueeze(2) == 0, -1e9)).softmax(1); // [B, N, K]
        return (weights * importance.unsqueeze(2)).sum(1);
    }

    /// <summary>θ = min_k θ_k (eq. 9): <c>[B, K]</c> to <c>[B]</c>.</summary>
    public static Tensor Minimum(Tensor thresholds) => thresholds.amin([1]);
}

/// <summary>Sparsemax (Martins and Astudillo, 2016; eq. 7): the Euclidean projection onto the probability simplex.</summary>
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
        var support = Support(centred.detach()); // [..., N] bool
        return (centred - Threshold(centred, support)).clamp_min(0);
    }

    // τ = (Σ z − 1) / k over the k entries of the support, [..., 1].
    private static Tensor Threshold(Tensor centred, Tensor support) =>
        ((centred * support).sum(-1, keepdim: true) - 1) / support.sum(-1, keepdim: true);

    // Sorting finds it at once (k is the last j with 1 + j z_(j) > Σ_{i≤j} z_(i)), but is the slowest thing that a CPU can do
    // here. There entries are left out until none lies below the threshold of those that remain, which ends at the same set
    // (Michelot, 1986).
    private static Tensor Support(Tensor centred)
    {
        using var off = no_grad();
        if (centred.is_cuda)
        {
            var sorted = centred.sort(-1, descending: true).Values;
            var rank = arange(1, centred.shape[^1] + 1, dtype: centred.dtype, device: centred.device);
            var size = ((rank * sorted) + 1 > sorted.cumsum(-1)).sum(-1, keepdim: true); // k, [..., 1]
            return centred >= sorted.gather(-1, size - 1);
        }

        // τ ≥ -1: the greatest is 0 and no part exceeds 1
        var threshold = full([.. centred.shape[..^1], 1], -1, dtype: centred.dtype);
        // ends too where scores are no numbers
        for (double size = double.MaxValue, before = double.PositiveInfinity; size < before;)
        {
            using var scope = NewDisposeScope();
            var rest = (centred - threshold).clamp_min_(0);
            var (sum, count) = (rest.sum(-1, keepdim: true), rest.sign_().sum(-1, keepdim: true)); // [..., 1]
            threshold.add_((sum - 1) / count);
            (before, size) = (size, count.sum(type: float64).item<double>());
        }

        return centred > threshold;
    }
}

/// <summary>How alignment scores become weights over tokens in the learnable threshold.</summary>
public enum ThresholdNormalization
{
    /// <summary>Softmax of R/T (released code). T = 0 switches pruning off.</summary>
    Softmax,

    /// <summary>Sparsemax of T·A (eq. 7).</summary>
    Sparsemax,
}

/// <summary>
/// Keeps the tokens whose importance exceeds the learnable threshold (eq. 7–10); each layer and sample has its own number.
/// </summary>
/// <param name="Normalization">How the alignment scores become weights over tokens.</param>
public sealed record LearnableThresholdRule(ThresholdNormalization Normalization) : IKeepRule
{
    /// <inheritdoc/>
    public bool NeedsAlignment => true;

    /// <inheritdoc/>
    public bool IsActive(double temperature) => Normalization == ThresholdNormalization.Sparsemax || temperature > 0;

    /// <summary>Every learnable token weighs every token.</summary>
    public PartCost Cost(LayerShape layer) => new(layer.Tokens * layer.LearnableTokens);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The encoder has no alignment guidance to take a threshold from.</exception>
    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        if (context.RawAlignment is null)
        {
            throw new InvalidOperationException(
                $"encoder '{context.Encoder.Name}' has no alignment guidance to take the learnable "
                + "threshold from; use another keep rule, such as MeanThresholdRule");
        }

        using var off = no_grad(); // θ carries no gradient
        return PruneMask.Above(importance.Total, context, Normalization == ThresholdNormalization.Softmax
            ? LearnableThreshold.Softmax(context.RawAlignment, importance.Total, context.Temperature, context.Mask)
            : LearnableThreshold.SparsemaxThreshold(context.AlignmentMaps!, importance.Total, context.Temperature, context.Mask));
    }
}

/// <summary>
/// Keeps the tokens whose importance exceeds T times its mean over the sample. Needs no alignment guidance: the limit that the
/// learnable threshold reaches when its weights are flat, with a factor to reach a budget (Table 3, "w/o MAG").
/// </summary>
public sealed record MeanThresholdRule : IKeepRule
{
    /// <inheritdoc/>
    public PartCost Cost(LayerShape layer) => default;

    /// <inheritdoc/>
    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var mean = importance.Total.sum(1) / context.Available.clamp_min(1); // [B]
        return PruneMask.Above(importance.Total, context, (mean * context.Temperature).unsqueeze(1));
    }
}

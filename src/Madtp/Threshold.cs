using System.Numerics;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Madtp;

/// <summary>The learnable threshold θ of dynamic token pruning (eq. 7–9): an importance, averaged where the learnable tokens
/// look. Pure functions over the N candidates; <c>mask</c> is 1 for tokens and 0 for padding, which gets no weight,
/// <c>[B, N]</c>.</summary>
public static class LearnableThreshold
{
    /// <summary>Paper: Â = sparsemax over tokens of T·A (eq. 7), θ_k = Σ_n Â[k, n] · TIS[n] (eq. 8). A larger T is sharper; T = 0
    /// gives the mean of TIS.</summary>
    /// <param name="alignmentMaps">A, <c>[B, K, N]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T ≥ 0.</param>
    /// <param name="mask">Null when all are tokens.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor SparsemaxThreshold(Tensor alignmentMaps, Tensor importance, double temperature, Tensor? mask = null) =>
        SparsemaxWithout(mask is null ? null : AlignmentGuidance.Padding(mask == 0), alignmentMaps, importance, temperature);

    /// <summary>Released: θ_k = Σ_n softmax_n(R/T)[n, k] · TIS[n]. A larger T is flatter, θ nears the mean of TIS, more is
    /// pruned.</summary>
    /// <param name="rawAlignment">R, <c>[B, N, K]</c>.</param>
    /// <param name="importance">TIS, <c>[B, N]</c>.</param>
    /// <param name="temperature">T > 0.</param>
    /// <param name="mask">Null when all are tokens.</param>
    /// <returns>One threshold per learnable token, <c>[B, K]</c>.</returns>
    public static Tensor Softmax(Tensor rawAlignment, Tensor importance, double temperature, Tensor? mask = null) =>
        SoftmaxWithout(mask is null ? null : AlignmentGuidance.Padding(mask == 0), rawAlignment, importance, temperature);

    /// <summary><see cref="SparsemaxThreshold"/> without the tokens of an <see cref="AlignmentGuidance.Padding"/>.</summary>
    internal static Tensor SparsemaxWithout(Tensor? padding, Tensor alignmentMaps, Tensor importance, double temperature)
    {
        if (Sparsemax.GoesByRows(alignmentMaps) && !(importance.requires_grad && is_grad_enabled()))
        {
            return Sparsemax.Averages(alignmentMaps, temperature, padding, importance);
        }

        var scores = AlignmentGuidance.Times(alignmentMaps, temperature, padding?.unsqueeze(1)); // T·A, [B, K, N]
        return (Sparsemax.Project(scores) * importance.unsqueeze(1)).sum(2);
    }

    /// <summary><see cref="Softmax"/> without the tokens of an <see cref="AlignmentGuidance.Padding"/>.</summary>
    internal static Tensor SoftmaxWithout(Tensor? padding, Tensor rawAlignment, Tensor importance, double temperature)
    {
        var weights = AlignmentGuidance.Times(rawAlignment, 1 / temperature, padding?.unsqueeze(2)).softmax(1); // [B, N, K]
        return (weights * importance.unsqueeze(2)).sum(1);
    }

    /// <summary>θ = min_k θ_k (eq. 9): <c>[B, K]</c> to <c>[B]</c>.</summary>
    public static Tensor Minimum(Tensor thresholds) => thresholds.amin([1]);
}

/// <summary>Sparsemax (Martins and Astudillo, 2016; eq. 7): the Euclidean projection onto the probability simplex.</summary>
public static class Sparsemax
{
    /// <summary>p = max(z − τ(z), 0) along the last dimension, any shape. Rows sum to 1 and are mostly zero. The gradient of g is
    /// g − mean of g on the support, and zero off it.</summary>
    public static Tensor Project(Tensor scores)
    {
        if (GoesByRows(scores))
        {
            using var off = no_grad();
            var weights = scores.to(float32, copy: true).contiguous();
            var width = (int)weights.shape[^1];
            RowWise.InParts(weights.numel() / width, width, (first, end) =>
            {
                var numbers = RowWise.Numbers(weights);
                for (var row = first; row < end; row++)
                {
                    ProjectRow(numbers.Slice(row * width, width));
                }
            });
            return weights.As(scores.dtype);
        }

        // A common shift changes nothing; with the greatest score at 0 no size of scores drowns the 1.
        var centred = scores - scores.amax([-1], keepdim: true);
        var counts = arange(1, centred.shape[^1] + 1, dtype: centred.dtype, device: centred.device); // j
        var sums = centred.sort(-1, descending: true).Values.cumsum(-1); // Σ_{i≤j} z_(i)
        var threshold = ((sums - 1) / counts).max(-1, keepdim: true).values; // τ: it rises as long as z_(j) lies above it
        return (centred - threshold).relu(); // where z = τ, off the support, no gradient: clamp_min passes it on, amax halves it
    }

    /// <summary>Whether rows are projected one by one, each while it lies in the cache: on a CPU, where no gradient is
    /// recorded, in a tenth of the time of operators over all rows.</summary>
    internal static bool GoesByRows(Tensor scores) => !scores.is_cuda && !(scores.requires_grad && is_grad_enabled());

    /// <summary>Σ_n p[k, n] · v[n] of every row p = sparsemax(T·A + padding) (eq. 7 and 8), row by row, without a
    /// gradient.</summary>
    /// <param name="maps">A, <c>[B, K, N]</c>.</param>
    /// <param name="padding">What is added where no token stands, <c>[B, N]</c>; null where all do.</param>
    /// <param name="values">v, <c>[B, N]</c>.</param>
    /// <returns><c>[B, K]</c>.</returns>
    internal static Tensor Averages(Tensor maps, double temperature, Tensor? padding, Tensor values)
    {
        using var off = no_grad();
        var (rows, each, added) = (Plain(maps), Plain(values), padding is null ? null : Plain(padding));
        var (perSample, width) = ((int)maps.shape[1], (int)maps.shape[2]);
        var averages = empty(maps.shape[0], perSample, dtype: float32);
        RowWise.InParts(maps.shape[0] * perSample, width, (first, end) =>
        {
            var scores = RowWise.Numbers(rows);
            var importance = RowWise.Numbers(each);
            var sums = RowWise.Numbers(averages);
            var without = added is null ? [] : RowWise.Numbers(added);
            var weights = new float[width];
            for (var row = first; row < end; row++)
            {
                var sample = row / perSample * width;
                TensorPrimitives.Multiply(scores.Slice(row * width, width), (float)temperature, weights);
                if (!without.IsEmpty)
                {
                    TensorPrimitives.Add(weights, without.Slice(sample, width), weights);
                }

                ProjectRow(weights);
                sums[row] = TensorPrimitives.Dot(weights, importance.Slice(sample, width));
            }
        });
        return averages.As(values.dtype);

        static Tensor Plain(Tensor any) => any.As(float32) is var plain && plain.is_contiguous() ? plain : plain.contiguous();
    }

    // Entries are left out until none lies below the threshold of those that remain (Michelot, 1986).
    private static void ProjectRow(Span<float> row)
    {
        TensorPrimitives.Subtract(row, TensorPrimitives.Max(row), row);
        var (tau, left) = (-1f, int.MaxValue); // the greatest is 0 and no part exceeds 1
        for (var before = int.MaxValue; ; before = left)
        {
            (var above, left) = Above(row, tau);
            if (left == 0 || left >= before) // none where scores are no numbers; more where an entry equals τ but for rounding
            {
                break;
            }

            tau += (above - 1) / left;
        }

        TensorPrimitives.Subtract(row, tau, row);
        TensorPrimitives.Max(row, 0, row);
    }

    // Σ (z − τ) over the entries above τ, and how many they are.
    private static (float Sum, int Count) Above(ReadOnlySpan<float> row, float tau)
    {
        var (sums, counts, threshold) = (Vector<float>.Zero, Vector<int>.Zero, new Vector<float>(tau));
        var i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var over = new Vector<float>(row[i..]) - threshold;
            var above = Vector.GreaterThan(over, Vector<float>.Zero); // −1 where true
            (sums, counts) = (sums + Vector.ConditionalSelect(above, over, Vector<float>.Zero), counts - above);
        }

        var (sum, count) = (Vector.Sum(sums), Vector.Sum(counts));
        for (; i < row.Length; i++)
        {
            (sum, count) = row[i] > tau ? (sum + (row[i] - tau), count + 1) : (sum, count);
        }

        return (sum, count);
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

/// <summary>Keeps the tokens whose importance exceeds the learnable threshold (eq. 7–10); each layer and sample has its own
/// number.</summary>
/// <param name="Normalization">How the alignment scores become weights over tokens.</param>
public sealed record LearnableThresholdRule(ThresholdNormalization Normalization) : IKeepRule
{
    public bool NeedsAlignment => true;

    public bool IsActive(double temperature) => Normalization == ThresholdNormalization.Sparsemax || temperature > 0;

    /// <summary>Every learnable token weighs every token.</summary>
    public PartCost Cost(LayerShape layer) => new(layer.Tokens * layer.LearnableTokens);

    /// <exception cref="InvalidOperationException">The encoder has no alignment guidance to take a threshold from.</exception>
    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        Guard.State(context.RawAlignment is not null,
            $"encoder '{context.Encoder.Name}' has no alignment guidance to take the learnable "
            + $"threshold from; use another keep rule, such as MeanThresholdRule");

        using var off = no_grad(); // θ carries no gradient
        return PruneMask.Above(importance.Total, context, Normalization == ThresholdNormalization.Softmax
            ? LearnableThreshold.SoftmaxWithout(context.Padding, context.RawAlignment, importance.Total, context.Temperature)
            : LearnableThreshold.SparsemaxWithout(
                context.Padding, context.AlignmentMaps!, importance.Total, context.Temperature));
    }
}

/// <summary>Keeps the tokens whose importance exceeds T times its mean over the sample. Needs no alignment guidance: the limit
/// that the learnable threshold reaches when its weights are flat, with a factor to reach a budget (Table 3, "w/o
/// MAG").</summary>
public sealed record MeanThresholdRule : IKeepRule
{
    public PartCost Cost(LayerShape layer) => default;

    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var mean = importance.Total.sum(1) / context.Available.clamp_min(1); // [B]
        return PruneMask.Above(importance.Total, context, (mean * context.Temperature).unsqueeze(1));
    }
}

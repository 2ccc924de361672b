using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Madtp.Kit.Runtime;
using static Madtp.Kit.Runtime.RowWise;
using static TorchSharp.torch;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace Madtp.Kit.Madtp;

/// <summary>The learnable threshold θ of dynamic token pruning (eq. 7–9): an importance, averaged where the learnable tokens
/// look. Pure functions over the N candidates, whose importance is <c>[B, N]</c>; an <see cref="AlignmentGuidance.Padding"/>
/// gets no weight. Each gives one threshold per learnable token, <c>[B, K]</c>.</summary>
public static class LearnableThreshold
{
    /// <summary>Paper: Â = sparsemax over tokens of T·A (eq. 7), θ_k = Σ_n Â[k, n] · TIS[n] (eq. 8). A larger T is sharper; T = 0
    /// gives the mean of TIS.</summary>
    /// <param name="alignmentMaps">A, <c>[B, K, N]</c>.</param>
    /// <param name="temperature">T ≥ 0.</param>
    public static Tensor SparsemaxThreshold(
        Tensor alignmentMaps, Tensor importance, double temperature, Tensor? padding = null)
    {
        if (!alignmentMaps.is_cuda && !is_grad_enabled())
            return Sparsemax.Averages(alignmentMaps, temperature, padding, importance);

        var scores = AlignmentGuidance.Times(alignmentMaps, temperature, padding?.unsqueeze(1)); // T·A, [B, K, N]
        return (Sparsemax.Project(scores) * importance.unsqueeze(1)).sum(2);
    }

    /// <summary>Released: θ_k = Σ_n softmax_n(R/T)[n, k] · TIS[n]. A larger T is flatter, θ nears the mean of TIS, more is
    /// pruned.</summary>
    /// <param name="rawAlignment">R, <c>[B, N, K]</c>.</param>
    /// <param name="temperature">T > 0.</param>
    public static Tensor Softmax(Tensor rawAlignment, Tensor importance, double temperature, Tensor? padding = null)
    {
        var weights = AlignmentGuidance.Times(rawAlignment, 1 / temperature, padding?.unsqueeze(2)).softmax(1); // [B, N, K]
        return (weights * importance.unsqueeze(2)).sum(1);
    }
}

/// <summary>Sparsemax (Martins and Astudillo, 2016; eq. 7): the Euclidean projection onto the probability simplex.</summary>
public static class Sparsemax
{
    /// <summary>p = max(z − τ(z), 0) along the last dimension, any shape. Rows sum to 1 and are mostly zero. The gradient of g is
    /// g − mean of g on the support, and zero off it.</summary>
    public static Tensor Project(Tensor scores)
    {
        // A common shift changes nothing; with the greatest score at 0 no size of scores drowns the 1.
        var centred = scores - scores.amax([-1], keepdim: true);
        var counts = arange(1, centred.shape[^1] + 1, dtype: centred.dtype, device: centred.device); // j
        var sums = centred.sort(-1, descending: true).Values.cumsum(-1); // Σ_{i≤j} z_(i)
        var threshold = ((sums - 1) / counts).max(-1, keepdim: true).values; // τ: it rises as long as z_(j) lies above it
        return (centred - threshold).relu(); // where z = τ, off the support, no gradient: clamp_min passes it on, amax halves it
    }

    /// <summary>Σ_n p[k, n] · v[n] of every row p = sparsemax(T·A) (eq. 7 and 8) on a CPU, without a gradient: in a tenth of the
    /// time of operators over all rows.</summary>
    /// <param name="maps">A, <c>[B, K, N]</c>.</param>
    /// <param name="padding">0 where a token stands, <c>[B, N]</c>; null where all do.</param>
    /// <param name="values">v, <c>[B, N]</c>.</param>
    /// <returns><c>[B, K]</c>.</returns>
    internal static unsafe Tensor Averages(Tensor maps, double temperature, Tensor? padding, Tensor values)
    {
        var (batch, learnable, tokens) = (maps.shape[0], (int)maps.shape[1], (int)maps.shape[2]);
        var (scores, each, padded) = (new StridedRows(maps.transpose(1, 2)), new StridedRows(values.expand(batch, tokens)),
            padding is null ? null : new StridedRows(padding.expand(batch, tokens)));
        var averages = zeros(batch, learnable);
        InParts(batch, learnable * tokens, (first, end) =>
        {
            var rows = new float[tokens * Width]; // of 16 learnable tokens, [n, 16]
            for (var sample = first; sample < end; sample++)
            {
                int[] own = [.. Enumerable.Range(0, tokens).Where(token => padded is null || padded.At(sample)[token] == 0)];
                float[] importance = [.. own.Select(token => each.At(sample)[token])];
                for (var k = 0; k < learnable; k += Width)
                {
                    var count = Math.Min(Width, learnable - k);
                    foreach (var (i, token) in own.Index())
                        new Span<float>(scores.At(sample, token) + k, count).CopyTo(rows.AsSpan(i * Width));

                    fixed (float* some = rows)
                    {
                        var found = Average(some, (float)temperature, importance);
                        new Span<float>(&found, count).CopyTo(Numbers(averages).Slice((sample * learnable) + k, count));
                    }
                }
            }
        });
        return averages.As(values.dtype);
    }

    /// <summary>Σ_n p[n] · v[n] of 16 sparsemaxes p of T times some scores, <c>[n, 16]</c>. Entries are left out until none lies
    /// below the threshold τ of those that remain (Michelot, 1986).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe Lanes Average(float* scores, float temperature, ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return Lanes.Zero;

        var most = Vector512.Load(scores);
        for (var i = 1; i < values.Length; i++)
            most = Vector512.MaxNative(most, Vector512.Load(scores + (i * Width)));

        // The greatest is 0, and no part exceeds 1.
        var (tau, left) = (Vector512.Create(-1f), Vector512.Create(float.PositiveInfinity));
        for (var goesOn = true; goesOn;)
        {
            var (sum, above) = (Lanes.Zero, Lanes.Zero); // of z − τ over the entries above τ, and how many they are
            for (var i = 0; i < values.Length; i++)
            {
                var over = ((Vector512.Load(scores + (i * Width)) - most) * temperature) - tau;
                var isAbove = Vector512.GreaterThan(over, Lanes.Zero);
                sum += Vector512.ConditionalSelect(isAbove, over, Lanes.Zero);
                above += Vector512.ConditionalSelect(isAbove, Lanes.One, Lanes.Zero);
            }

            // None where scores are no numbers; not fewer where an entry equals τ but for rounding.
            var fewer = Vector512.LessThan(above, left) & Vector512.GreaterThan(above, Lanes.Zero);
            tau = Vector512.ConditionalSelect(fewer, tau + ((sum - Lanes.One) / above), tau);
            left = Vector512.ConditionalSelect(fewer, above, left);
            goesOn = Vector512.ExtractMostSignificantBits(fewer) != 0;
        }

        var average = Lanes.Zero;
        for (var i = 0; i < values.Length; i++)
        {
            var over = ((Vector512.Load(scores + (i * Width)) - most) * temperature) - tau;
            average += Vector512.MaxNative(over, Lanes.Zero) * values[i];
        }

        return average;
    }
}

/// <summary>Keeps the tokens whose importance exceeds the learnable threshold (eq. 7–10); each layer and sample has its own
/// number.</summary>
/// <param name="Softmax">Whether alignment scores become weights over tokens by softmax of R/T (released), where T = 0 switches
/// pruning off; else by sparsemax of T·A.</param>
public sealed record LearnableThresholdRule(bool Softmax = false) : IKeepRule
{
    public bool NeedsAlignment => true;

    public bool IsActive(double temperature) => !Softmax || temperature > 0;

    /// <summary>Every learnable token weighs every token.</summary>
    public PartCost Cost(LayerShape layer) => new(layer.Tokens * layer.LearnableTokens);

    /// <exception cref="InvalidOperationException">The encoder has no alignment guidance to take a threshold from.</exception>
    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        Guard.State(context.RawAlignment is not null,
            $"encoder '{context.Encoder.Name}' has no alignment guidance to take the learnable threshold from; use another keep "
                + $"rule, such as MeanThresholdRule");
        using var off = no_grad(); // θ carries no gradient
        var (tis, temperature, padding) = (importance.Total, context.Temperature, context.Candidates.Padding);
        return PruneMask.Above(tis, context, Softmax
            ? LearnableThreshold.Softmax(context.RawAlignment, tis, temperature, padding)
            : LearnableThreshold.SparsemaxThreshold(context.AlignmentMaps!, tis, temperature, padding));
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
        var total = context.Candidates.Padded is { } padded ? importance.Total.masked_fill(padded, 0) : importance.Total;
        var mean = total.sum(1) / context.Available.clamp_min(1); // [B]
        return PruneMask.Above(importance.Total, context, (mean * context.Temperature).unsqueeze(1));
    }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Keeps the tokens whose importance exceeds the learnable threshold (eq. 7–9); each layer and sample has its own number.</summary>
/// <param name="Normalization">How the alignment scores become weights over tokens.</param>
public sealed record LearnableThresholdRule(ThresholdNormalization Normalization) : IKeepRule
{
    /// <inheritdoc/>
    public bool NeedsAlignment => true;

    /// <inheritdoc/>
    public bool IsActive(double temperature) => Normalization == ThresholdNormalization.Sparsemax || temperature > 0;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The encoder has no alignment guidance to take a threshold from.</exception>
    public KeepDecision Decide(ImportanceScores importance, ReductionContext context)
    {
        if (context.RawAlignment is null)
        {
            throw new InvalidOperationException($"encoder '{context.Encoder.Name}' has no alignment guidance to take the learnable threshold from; use another keep rule, such as MeanThresholdRule");
        }

        using var off = no_grad(); // θ carries no gradient
        var thresholds = Normalization == ThresholdNormalization.Softmax
            ? LearnableThreshold.Softmax(context.RawAlignment, importance.Total, context.Temperature, context.Real)
            : LearnableThreshold.SparsemaxThreshold(context.AlignmentMaps!, importance.Total, context.Temperature, context.Real);
        var threshold = LearnableThreshold.Minimum(thresholds);
        return new KeepDecision(KeepCounts.Above(importance.Total, threshold, context), thresholds, threshold);
    }
}

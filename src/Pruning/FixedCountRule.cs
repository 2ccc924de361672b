using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Removes the same number of tokens in every layer, whatever the sample: the rule of static token pruning (STP).</summary>
/// <param name="RemovedPerLayer">Tokens removed per layer, for each modality.</param>
public sealed record FixedCountRule(IReadOnlyDictionary<Models.Modality, int> RemovedPerLayer) : IKeepRule
{
    /// <inheritdoc/>
    public KeepDecision Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var removed = RemovedPerLayer.GetValueOrDefault(context.Encoder.Modality);
        return new KeepDecision((KeepCounts.Available(context) - removed).clamp_min(1));
    }
}

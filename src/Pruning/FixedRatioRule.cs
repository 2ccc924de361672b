using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Keeps a fixed share of the remaining tokens in chosen layers.</summary>
/// <param name="KeepRatio">Share of the tokens kept, in (0, 1], for each modality; 1 where absent.</param>
public sealed record FixedRatioRule(IReadOnlyDictionary<Modality, double> KeepRatio) : IKeepRule
{
    /// <summary>Layers that reduce; null for all.</summary>
    public IReadOnlySet<int>? Layers { get; init; }

    /// <inheritdoc/>
    public KeepDecision Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var available = KeepCounts.Available(context);
        var ratio = Layers is null || Layers.Contains(context.Layer) ? KeepRatio.GetValueOrDefault(context.Encoder.Modality, 1) : 1;
        return new KeepDecision((available * ratio).ceil().to(int64));
    }
}

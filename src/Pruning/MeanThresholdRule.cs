using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>
/// Keeps the tokens whose importance exceeds T times its mean over the sample. Needs no alignment guidance: the limit that the
/// learnable threshold reaches when its weights are flat, with a factor to reach a budget (Table 3, "w/o MAG").
/// </summary>
public sealed record MeanThresholdRule : IKeepRule
{
    /// <inheritdoc/>
    public KeepDecision Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var mean = importance.Total.sum(1) / KeepCounts.Available(context).clamp_min(1); // [B]
        var threshold = mean * context.Temperature;
        return new KeepDecision(KeepCounts.Above(importance.Total, threshold, context), Threshold: threshold);
    }
}

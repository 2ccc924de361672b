using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>
/// Ranks tokens by how little they resemble another and how much they matter to the other modality (CrossGET): importance minus the
/// best similarity. Without alignment guidance every token matters alike, which leaves complete-graph soft matching alone.
/// </summary>
public sealed record CrossGuidedScorer : ITokenScorer
{
    /// <inheritdoc/>
    public bool NeedsAlignment => true;

    /// <inheritdoc/>
    public ImportanceScores Score(ReductionContext context)
    {
        using var off = no_grad();
        var keys = ToMe.Metric(context.Attention.Keys).slice(1, 1, context.Attended.Length, 1); // [B, N, d_h]
        var affinity = CrossGet.Affinity(keys, context.Real, context.Protected);
        var guidance = context.AlignmentMaps is null ? zeros(keys.shape[0], keys.shape[1], dtype: keys.dtype, device: keys.device) : CrossGet.Guidance(context.AlignmentMaps, context.Real);
        var score = CrossGet.AtMostHalf(guidance - CrossGet.BestEdge(affinity, guidance), context.Real, context.Protected);
        return new ImportanceScores(score, Alignment: guidance)
        {
            Match = new TokenMatch { Affinity = affinity, Weight = guidance.exp() },
        };
    }
}

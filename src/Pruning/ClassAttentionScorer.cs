namespace Madtp.Kit.Pruning;

/// <summary>Ranks tokens by the attention that the summary token pays them, averaged over the heads (EViT). Gradients reach the attention.</summary>
public sealed record ClassAttentionScorer : ITokenScorer
{
    /// <inheritdoc/>
    public ImportanceScores Score(ReductionContext context)
    {
        var score = Evit.ClassAttention(context.Attention.Probabilities, context.SummaryRow, context.Real);
        return new ImportanceScores(score, Class: score);
    }
}

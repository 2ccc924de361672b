namespace Madtp.Kit.Madtp;

/// <summary>EViT (Liang et al., "Not all patches are what you need: expediting vision transformers via token reorganizations",
/// ICLR 2022): the tokens that the class token attends to most stay, the others are fused into one (Sections 3.2 and 3.3; the
/// fused token is Σ a_i x_i over the inattentive tokens, its weights not normalised). A variant drops them.</summary>
/// <remarks>EViT is a method for images. Text has a summary token as well ([CLS] or [ENC] in BERT, the end of text in CLIP), so
/// the same rule prunes it here; <c>textKeepRatio: 1</c> leaves text alone. Simplified: EViT reduces in three of twelve layers,
/// the 4th, 7th and 10th, which cannot reach a small budget, so by default every layer reduces; the keep rate is not warmed
/// up over training but set by the budget; counts are rounded from the number of entering tokens, not in every layer anew. Order
/// of the tokens: by position, which a transformer does not see.</remarks>
public static class Evit
{
    /// <summary>The policy at keep ratios (<see cref="ScheduledCountRule.Of"/>): κ, which each reducing layer keeps.</summary>
    /// <param name="stages">See <see cref="ScheduledCountRule.Stages"/>.</param>
    /// <param name="fuse">Whether the inattentive tokens come back as one; false drops them.</param>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null, int? stages = null, bool fuse = true) =>
        new()
    {
        Name = fuse ? "EViT" : "EViT (drop)",
        Scorer = new ClassAttentionScorer(),
        Keep = ScheduledCountRule.Of(keepRatio, textKeepRatio, sameShare: true) with { Stages = stages },
        Reducer = fuse ? new MergeReducer { Normalized = false } : new DropReducer(),
    };
}

/// <summary>Ranks tokens by the attention that the class token pays them, averaged over the heads (EViT). Gradients reach the
/// attention.</summary>
public sealed record ClassAttentionScorer : ITokenScorer
{
    /// <summary>The mean over the heads.</summary>
    public PartCost Cost(LayerShape layer) => new(layer.Tokens * (layer.Width / layer.HeadWidth));

    /// <exception cref="InvalidOperationException">The encoder has no class token.</exception>
    public ImportanceScores Score(ReductionContext context)
    {
        var attention = context.SummaryAttention;
        Guard.State(attention is not null,
            $"encoder '{context.Encoder.Name}' has no class token whose attention could rank tokens");
        var mean = attention.mean([1]); // a = (1/h) Σ_h a_h, [B, N]
        var score = context.Mask is { } mask ? mean * mask : mean;
        return new ImportanceScores(score) { Part = part => part == ScoreParts.Class ? score : null };
    }
}

namespace Madtp.Kit.Cost;

/// <summary>What a row of the ledger pays for.</summary>
public enum CostKind
{
    /// <summary>The model itself: convolutions, linear maps, attention products, layer normalisation.</summary>
    Model,

    /// <summary>The alignment guidance: its maps, scores against the learnable tokens and features (eq. 1–3).</summary>
    Alignment,

    /// <summary>Token importance and the learnable threshold (eq. 4–9): element-wise work, one operation counted as 1.</summary>
    Scoring,

    /// <summary>Choosing the kept tokens: comparisons, one counted as 1.</summary>
    Sorting,

    /// <summary>Similarities between tokens that may be merged into each other.</summary>
    Matching,

    /// <summary>The weighted sum that makes the merged token.</summary>
    Merging,
}

namespace Madtp.Kit.Cost;

/// <summary>What a token-reduction method itself computes, besides making the sequences shorter.</summary>
/// <param name="Alignment">Whether its score needs the tokens' products with the learnable tokens.</param>
/// <param name="Threshold">Whether it computes the learnable threshold.</param>
/// <param name="Merging">Whether the pruned tokens are summed into one.</param>
public sealed record ReductionCost(bool Alignment, bool Threshold, bool Merging)
{
    /// <summary>MADTP: all of it.</summary>
    public static ReductionCost Madtp { get; } = new(true, true, true);

    /// <summary>Static pruning by the tokens' importance: nothing but sorting, and no merged token.</summary>
    public static ReductionCost Static { get; } = new(false, false, false);

    /// <summary>The sequences get shorter for free: the model's own cost alone.</summary>
    public static ReductionCost Free { get; } = new(false, false, false) { Scoring = false };

    /// <summary>Whether token importance is computed and sorted.</summary>
    public bool Scoring { get; init; } = true;
}

namespace Madtp.Kit.Pruning;

/// <summary>First part of a policy: how much does each token matter?</summary>
public interface ITokenScorer
{
    /// <summary>Scores the N tokens that may be pruned, <c>[B, N]</c>; higher stays, and +∞ stays whatever the counts say.</summary>
    ImportanceScores Score(ReductionContext context);

    /// <summary>Whether it reads the tokens' products with the learnable tokens.</summary>
    bool NeedsAlignment => false;
}

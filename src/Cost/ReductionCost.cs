using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>What a token-reduction method itself computes, besides making the sequences shorter.</summary>
/// <param name="Alignment">Whether it reads the tokens' products with the learnable tokens.</param>
/// <param name="Threshold">Whether it computes the learnable threshold.</param>
/// <param name="Merging">Whether tokens that do not stay are summed into others.</param>
public sealed record ReductionCost(bool Alignment, bool Threshold, bool Merging)
{
    /// <summary>MADTP: all of it.</summary>
    public static ReductionCost Madtp { get; } = new(true, true, true);

    /// <summary>Static pruning by the tokens' class and self scores: nothing but sorting, and no merged token.</summary>
    public static ReductionCost Static { get; } = new(false, false, false);

    /// <summary>The sequences get shorter for free: the model's own cost alone.</summary>
    public static ReductionCost Free { get; } = new(false, false, false) { Scoring = false };

    /// <summary>Whether token importance is computed and sorted.</summary>
    public bool Scoring { get; init; } = true;

    /// <summary>What the importance is computed from.</summary>
    public ScoringWork Work { get; init; } = ScoringWork.HeadNorms | ScoringWork.ReceivedAttention;

    /// <summary>Pairs of tokens compared by their keys, averaged over the heads.</summary>
    public MatchedPairs Matching { get; init; }

    /// <summary>What a policy computes, by its parts. A scorer unknown to the kit is taken to cost its alignment scores and the sorting.</summary>
    public static ReductionCost Of(ReductionPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var merges = policy.Reducer.AddsToken || policy.Reducer is MatchReducer;
        return new ReductionCost(policy.NeedsAlignment, policy.Keep is LearnableThresholdRule, merges)
        {
            Work = policy.Scorer switch
            {
                ImportanceScorer scorer => WorkOf(scorer.Parts),
                ClassAttentionScorer => ScoringWork.SummaryAttention,
                _ => ScoringWork.None,
            },
            Matching = policy.Scorer switch
            {
                BipartiteScorer => MatchedPairs.Bipartite,
                CrossGuidedScorer => MatchedPairs.Complete,
                _ => MatchedPairs.None,
            },
        };
    }

    private static ScoringWork WorkOf(ScoreParts parts) =>
        (parts.HasFlag(ScoreParts.Class) ? ScoringWork.HeadNorms : ScoringWork.None)
        | (parts.HasFlag(ScoreParts.Self) ? ScoringWork.ReceivedAttention : ScoringWork.None);
}

namespace Madtp.Kit.Cost;

/// <summary>What is computed to rank the tokens of a layer, besides alignment scores and similarities. Element-wise work, one operation counted as 1.</summary>
[Flags]
public enum ScoringWork
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The norm of every head's output at every token, the weights of the class score.</summary>
    HeadNorms = 1,

    /// <summary>The strongest head for each query and key, then a sum or maximum over the queries: the self score.</summary>
    ReceivedAttention = 2,

    /// <summary>The mean over the heads of the summary token's attention.</summary>
    SummaryAttention = 4,
}

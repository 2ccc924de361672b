namespace Madtp.Kit.Pruning;

/// <summary>How samples that would keep different numbers of tokens share one batch (Table 4, "operation").</summary>
public enum BatchLayout
{
    /// <summary>Every sample keeps as many tokens as the one that keeps most (released). A sample's output depends on its batch mates.</summary>
    MaxKeep,

    /// <summary>Every sample keeps the mean number.</summary>
    MeanKeep,

    /// <summary>Every sample keeps its own number; shorter ones are padded and masked. Output is the same alone or in any batch.</summary>
    PerInstance,
}

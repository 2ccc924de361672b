
namespace Madtp.Kit.Models;

/// <summary>What an inner width that can be pruned belongs to.</summary>
public enum PrunableKind
{
    /// <summary>Dimensions of self-attention heads.</summary>
    SelfAttention,

    /// <summary>Dimensions of cross-attention heads.</summary>
    CrossAttention,

    /// <summary>Units of a feed-forward part.</summary>
    FeedForward,
}

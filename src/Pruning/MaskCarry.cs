namespace Madtp.Kit.Pruning;

/// <summary>How the padding mask goes through pruning.</summary>
public enum MaskCarry
{
    /// <summary>Every token keeps its own mask; the merged token is valid.</summary>
    WithTokens,

    /// <summary>As the released code does for this encoder (see <see cref="Models.MaskGather"/>), misplaced masks included.</summary>
    Released,
}

namespace Madtp.Kit.Models;

/// <summary>How the authors' code carries the padding mask through pruning; it differs by encoder (defect 2 of the released code).</summary>
public enum MaskGather
{
    /// <summary>There is no mask.</summary>
    None,

    /// <summary>
    /// The mask follows its token; the merged token takes the mask of the most important pruned one. Tokens and mask come from
    /// one unsorted top-(k + 1) whose last entry is that pruned token (MED).
    /// </summary>
    WithTokens,

    /// <summary>The mask is gathered by descending importance whatever the order of the tokens (NLVR2 text encoder).</summary>
    ByImportance,
}

namespace Madtp.Kit.Pruning;

/// <summary>Which parts of the token importance score are in use (Table 3).</summary>
[Flags]
public enum ScoreParts
{
    /// <summary>Attention of the class token, S_cls.</summary>
    Class = 1,

    /// <summary>Attention received from the other tokens, S_self.</summary>
    Self = 2,

    /// <summary>Attention of the learnable alignment tokens, S_token.</summary>
    Alignment = 4,

    /// <summary>The mean of all three (eq. 4).</summary>
    All = Class | Self | Alignment,
}

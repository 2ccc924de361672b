namespace Madtp.Kit.Pruning;

/// <summary>How the attention that a token receives from all queries becomes one number (eq. 5).</summary>
public enum SelfPooling
{
    /// <summary>Maximum over queries, as the paper writes it.</summary>
    Max,

    /// <summary>Sum over queries, as the released code computes it.</summary>
    Sum,
}

namespace Madtp.Kit.Pruning;

/// <summary>Order of the kept tokens. The released code leaves it to an unsorted top-k; it matters wherever position does.</summary>
public enum TokenOrder
{
    /// <summary>Ascending original position. The kit's own order, and the only one for new work.</summary>
    Position,

    /// <summary>Descending importance (the reference tensors tagged <c>.sorted</c>).</summary>
    Importance,

    /// <summary>Ascending position with the least important kept token last, as the CUDA top-k leaves them (tagged <c>.cuda</c>).</summary>
    LeastImportantLast,

    /// <summary>Whatever this machine's unsorted top-k returns. Only for tensors that were recorded that way.</summary>
    Library,
}

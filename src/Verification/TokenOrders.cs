using Madtp.Kit.Madtp;

namespace Madtp.Kit.Verification;

/// <summary>The orders of kept tokens that fixtures were recorded in, with the tag that marks their tensors.</summary>
internal static class TokenOrders
{
    /// <summary>No tag: the unsorted top-k of the reference's machine, which this machine's library repeats.</summary>
    public static IReadOnlyList<(string Tag, TokenOrder Order)> Recorded { get; } =
        [("", TokenOrder.Library), (".sorted", TokenOrder.Importance), (".cuda", TokenOrder.LeastImportantLast)];
}

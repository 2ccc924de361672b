using Madtp.Kit.Madtp;

namespace Madtp.Kit.Verification;

/// <summary>The orders of kept tokens that fixtures were recorded in, with the tag that marks their tensors.</summary>
internal static class TokenOrders
{
    /// <summary>No tag: the unsorted top-k of a CPU, the reference's machine.</summary>
    public static IReadOnlyList<(string Tag, TokenOrder Order)> Recorded { get; } =
        [("", TokenOrder.LibraryOnCpu), (".sorted", TokenOrder.Importance), (".cuda", TokenOrder.LeastImportantLast)];
}

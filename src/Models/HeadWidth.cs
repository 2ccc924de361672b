namespace Madtp.Kit.Models;

/// <summary>The width of one attention head.</summary>
internal static class HeadWidth
{
    /// <summary>d_h of <paramref name="heads"/> heads of <paramref name="width"/> together.</summary>
    /// <exception cref="ArgumentException">The width does not divide by the heads, or nothing is left of them.</exception>
    public static int Of(int width, int heads) => width >= heads && width % heads == 0
        ? width / heads
        : throw new ArgumentException($"width {width} does not divide by {heads} heads", nameof(heads));
}

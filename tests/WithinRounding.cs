using Xunit;

namespace Madtp.Kit.Tests;

/// <summary>
/// Equal but for the last digits. From libtorch 2.10 on, sums of gradients are not taken in the same order where a block is computed
/// again, so that what was equal to the bit is equal to rounding.
/// </summary>
internal static class WithinRounding
{
    /// <summary>Fails where two numbers differ by more than the tolerance times the largest one's size.</summary>
    public static void Equal(IReadOnlyList<float> expected, IReadOnlyList<float> actual, double tolerance = 1e-5) =>
        Equal(expected, actual, tolerance, expected.Select(Math.Abs).DefaultIfEmpty(0).Max());

    /// <summary>
    /// Fails where weights that were trained differ by more than a few learning rates: a key's bias has no gradient but rounding (softmax
    /// forgets it), of which AdamW makes steps of full length.
    /// </summary>
    public static void EqualWeights(IReadOnlyList<float> expected, IReadOnlyList<float> actual) => Equal(expected, actual, 1e-3, 1);

    private static void Equal(IReadOnlyList<float> expected, IReadOnlyList<float> actual, double tolerance, double size)
    {
        Assert.Equal(expected.Count, actual.Count);
        var allowed = tolerance * size;
        for (var i = 0; i < expected.Count; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= allowed, $"at {i}: {expected[i]} and {actual[i]} differ by more than {allowed:g2}");
    }
}

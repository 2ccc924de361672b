using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

/// <summary>Comparisons of tensors with numbers.</summary>
internal static class TorchAssert
{
    public static void Equal(IReadOnlyList<double> expected, Tensor actual, double tolerance = 1e-6)
    {
        using var scope = NewDisposeScope();
        var numbers = actual.detach().cpu().to_type(ScalarType.Float64).data<double>().ToArray();
        Assert.Equal(expected.Count, numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
        {
            var close = expected[i].Equals(numbers[i]) || Math.Abs(expected[i] - numbers[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(close, $"element {i}: expected {expected[i]}, found {numbers[i]}");
        }
    }

    public static void Shape(Tensor actual, params long[] expected) => Assert.Equal(expected, actual.shape);
}

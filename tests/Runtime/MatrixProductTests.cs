using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public sealed class MatrixProductTests
{
    public static TheoryData<long[], long[]> Shapes => new()
    {
        { [5, 3], [3, 4] },
        { [2, 5, 3], [2, 3, 4] },
        { [2, 5, 3], [3, 4] },
        { [2, 6, 5, 3], [2, 6, 3, 4] },
        { [2, 6, 5, 3], [3, 4] },
        { [3], [3] },
        { [3], [3, 4] },
        { [5, 3], [3] },
        { [2, 6, 5, 3], [3] },
        { [0, 3], [3, 4] },
        { [2, 0, 5, 3], [2, 0, 3, 4] },
        { [2, 6, 5, 0], [2, 6, 0, 4] },
    };

    public static TheoryData<long[], long[]> BroadcastShapes => new()
    {
        { [2, 6, 5, 3], [6, 3, 4] },
        { [2, 1, 5, 3], [2, 6, 3, 4] },
        { [2, 6, 5, 3], [2, 1, 3, 4] },
        { [1, 5, 3], [7, 3, 4] },
        { [5, 3], [7, 3, 4] },
        { [3], [7, 3, 4] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ValuesAndGradientsAreThoseOfMatmul(long[] left, long[] right) =>
        Assert.All(Compared(left, right), pair => Assert.True(pair.Expected.equal(pair.Actual).all().item<bool>()));

    [Theory]
    [MemberData(nameof(BroadcastShapes))]
    public void BatchesBroadcast(long[] left, long[] right) =>
        Assert.All(Compared(left, right), pair => Assert.True(pair.Expected.allclose(pair.Actual, rtol: 1e-6, atol: 1e-6)));

    [Fact]
    public void TransposedHeadsMultiplyAsTheyLie()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (query, key) = (randn(2, 65, 4, 32).transpose(1, 2), randn(2, 65, 4, 32).transpose(1, 2).transpose(-2, -1));
        Assert.Equal(query.matmul(key).data<float>().ToArray(), query.MatMul(key).data<float>().ToArray());
    }

    [Theory]
    [InlineData(new long[] { 2, 3 }, new long[] { 4, 5 })]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 2, 3, 4 })]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 5, 4, 3 })]
    [InlineData(new long[] { 2, 6, 3, 4 }, new long[] { 2, 5, 4, 3 })]
    [InlineData(new long[] { 2, 6, 3, 4 }, new long[] { 2, 6, 3, 4 })]
    [InlineData(new long[] { 2, 6, 3, 1 }, new long[] { 2, 1, 4, 3 })]
    [InlineData(new long[] { 2, 6, 3, 4 }, new long[] { 3, 4 })]
    [InlineData(new long[] { 3 }, new long[] { 4 })]
    [InlineData(new long[] { 3 }, new long[] { 2, 4, 5 })]
    [InlineData(new long[] { }, new long[] { 3, 3 })]
    [InlineData(new long[] { 3, 3 }, new long[] { })]
    public void ShapesThatDoNotFitAreNamed(long[] left, long[] right)
    {
        using var scope = NewDisposeScope();
        var thrown = Assert.Throws<ArgumentException>(() => ones(left).MatMul(ones(right)));
        Assert.Contains($"[{string.Join(", ", left)}] and [{string.Join(", ", right)}]", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ElementTypesThatDoNotFitThrowToo() =>
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => ones(2, 2).MatMul(ones(2, 2, dtype: int64)));

    [Fact]
    public void TooLargeAProductThrows() =>
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => ones(1, 1, 1L << 26, 1).MatMul(ones(1, 1, 1, 1L << 26)));

    // The products and the gradients of both factors.
    private static (Tensor Expected, Tensor Actual)[] Compared(long[] left, long[] right)
    {
        manual_seed(1);
        var (a, b) = (randn(left).requires_grad_(), randn(right).requires_grad_());
        var (c, d) = (a.detach().clone().requires_grad_(), b.detach().clone().requires_grad_());
        var (expected, actual) = (a.matmul(b), c.MatMul(d));
        Assert.Equal(expected.shape, actual.shape);
        expected.square().sum().backward();
        actual.square().sum().backward();
        return [(expected, actual), (a.grad!, c.grad!), (b.grad!, d.grad!)];
    }
}

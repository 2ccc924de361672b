using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class OperatorTests
{
    private static Tensor Square => tensor(new float[,] { { 1, 2 }, { 3, 4 } });

    [Fact]
    public void ArithmeticMatchesHand()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Square, tensor(new float[,] { { 5, 6 }, { 7, 8 } }));
        TorchAssert.Equal([6, 8, 10, 12], a + b);
        TorchAssert.Equal([-4, -4, -4, -4], a - b);
        TorchAssert.Equal([5, 12, 21, 32], a * b);
        TorchAssert.Equal([5, 3, 7 / 3.0, 2], b / a);
        TorchAssert.Equal([3, 6, 9, 12], a * 3);
        TorchAssert.Equal([9, 8, 7, 6], 10 - a);
        TorchAssert.Equal([2, 1, 2 / 3.0, 0.5], 2f / a);
        TorchAssert.Equal([1, 0, 1, 0], a % 2);
        TorchAssert.Equal([-1, -2, -3, -4], -a);
        TorchAssert.Equal([1, 4, 9, 16], a.pow(2));
        TorchAssert.Equal([1.5, 2, 3, 3], a.clamp(1.5, 3));
        TorchAssert.Equal([1, 2, 2, 2], a.clamp(max: 2));
        TorchAssert.Equal([0, 1, 1, 2], a.div(2, RoundingMode.floor));
    }

    [Fact]
    public void ElementTypesPromoteAsLibtorchDoes()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(ScalarType.Float32, (tensor(new[] { 1, 2 }) * 0.5f).dtype);
        Assert.Equal(ScalarType.Float32, (Square * 2.0).dtype);
        Assert.Equal(ScalarType.Int64, (tensor(new[] { 1, 2 }) + tensor(new[] { 1L, 2L })).dtype);
        Assert.Equal(ScalarType.Bool, (Square > 2).dtype);
        Assert.Equal(ScalarType.Float64, (Square + tensor(new[] { 1.0, 2.0 })).dtype);
    }

    [Fact]
    public void ComparisonsAndLogicMatchHand()
    {
        using var scope = NewDisposeScope();
        var a = Square;
        TorchAssert.Equal([0, 0, 1, 1], a > 2);
        TorchAssert.Equal([1, 1, 0, 0], a <= tensor(2f));
        TorchAssert.Equal([0, 1, 0, 0], a == 2);
        TorchAssert.Equal([1, 0, 1, 1], a != 2);
        TorchAssert.Equal([0, 0, 1, 0], (a > 2) & (a < 4));
        TorchAssert.Equal([1, 1, 0, 1], ~(a == 3) | (a > 100));
        TorchAssert.Equal([1, 0, 0], tensor(new[] { double.NaN, double.PositiveInfinity, 1 }).isnan());
        Assert.True((a > 0).all().item<bool>());
        Assert.False((a > 4).any().item<bool>());
        Assert.True(a.Equals(Square));
        Assert.True(a.allclose(a + 1e-9));
    }

    [Fact]
    public void ReductionsMatchHand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[,] { { 3, 1, 2 }, { 4, 6, 5 } });
        TorchAssert.Equal([21], a.sum());
        TorchAssert.Equal([6, 15], a.sum(1));
        TorchAssert.Equal([3.5, 3.5, 3.5], a.mean([0]));
        TorchAssert.Equal([2, 5], a.mean([-1], keepdim: true));
        var (values, indices) = a.max(1);
        TorchAssert.Equal([3, 6], values);
        TorchAssert.Equal([0, 1], indices);
        TorchAssert.Equal([4, 6, 5], a.amax(0));
        TorchAssert.Equal([1, 4], a.amin([1]));
        TorchAssert.Equal([1, 0], a.argmin(1));
        TorchAssert.Equal([3, 4, 6, 4, 10, 15], a.cumsum(1));
        TorchAssert.Equal([1, 2, 0, 0, 2, 1], a.argsort(1));
        TorchAssert.Equal([3, 2, 1, 6, 5, 4], a.sort(1, descending: true).Values);
        var (top, at) = a.topk(2);
        TorchAssert.Equal([3, 2, 6, 5], top);
        TorchAssert.Equal([0, 2, 1, 2], at);
        TorchAssert.Equal([Math.Sqrt(14), Math.Sqrt(77)], a.norm(1));
        TorchAssert.Equal([Math.Sqrt(91)], a.norm());
        TorchAssert.Equal([1, 1], a.std(1));
        TorchAssert.Equal([2 / 3.0, 2 / 3.0], a.var(1, unbiased: false));
    }

    [Fact]
    public void ShapesChangeAsNamed()
    {
        using var scope = NewDisposeScope();
        var a = arange(24).reshape(2, 3, 4);
        TorchAssert.Shape(a.permute(2, 0, 1), 4, 2, 3);
        TorchAssert.Shape(a.transpose(-1, -2), 2, 4, 3);
        TorchAssert.Shape(a.flatten(1), 2, 12);
        TorchAssert.Shape(a.unsqueeze(1), 2, 1, 3, 4);
        TorchAssert.Shape(a.unsqueeze(0).squeeze(0), 2, 3, 4);
        TorchAssert.Shape(a[0].unsqueeze(0).expand(5, -1, -1), 5, 3, 4);
        TorchAssert.Shape(a.repeat(2, 1, 1), 4, 3, 4);
        TorchAssert.Shape(a.view(-1), 24);
        TorchAssert.Shape(cat([a, a], 1), 2, 6, 4);
        TorchAssert.Shape(stack([a, a], -1), 2, 3, 4, 2);
        Assert.Equal([2L, 1], a.split(2, 1).Select(part => part.size(1)));
        Assert.Equal([2L, 1], a.chunk(2, 1).Select(part => part.size(1)));
        Assert.Equal(3, a.unbind(1).Length);
        Assert.Equal(40, arange(40).unbind().Length);
        TorchAssert.Equal([1, 0, 3, 4], Square.tril());
        TorchAssert.Equal([4, 3, 2, 1], Square.flip(0, 1));
        Assert.False(a.transpose(0, 1).is_contiguous());
        Assert.True(a.transpose(0, 1).contiguous().is_contiguous());
        Assert.Equal([12L, 4, 1], a.stride());
    }

    [Fact]
    public void GatheringMatchesHand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[,] { { 10, 11, 12 }, { 20, 21, 22 } });
        var index = tensor(new long[,] { { 2, 0 }, { 1, 1 } });
        TorchAssert.Equal([12, 10, 21, 21], a.gather(1, index));
        TorchAssert.Equal([0, 2, 0, 0, 0, 3], zeros(2, 3).scatter(1, tensor(new long[,] { { 1 }, { 2 } }), tensor(new float[,] { { 2 }, { 3 } })));
        TorchAssert.Equal([12, 11, 22, 21], a.index_select(1, tensor(new long[] { 2, 1 })));
        TorchAssert.Equal([-1, 11, 12, -1, 21, 22], a.masked_fill(a.remainder(10) == 0, -1));
        TorchAssert.Equal([12, 20, 21, 22], a.masked_select(a > 11));
        TorchAssert.Equal([0, 2, 1, 0, 1, 1, 1, 2], (a > 11).nonzero());
        TorchAssert.Equal([10, 0, 12, 0, 21, 0], where(a.remainder(10) == 1, a, a).mul(tensor(new float[,] { { 1, 0, 1 }, { 0, 1, 0 } })));
    }

    [Fact]
    public void MatrixProductsMatchHand()
    {
        using var scope = NewDisposeScope();
        var a = Square;
        TorchAssert.Equal([7, 10, 15, 22], a.matmul(a));
        TorchAssert.Equal([7, 10, 15, 22], mm(a, a));
        TorchAssert.Equal([7, 10, 15, 22], a.unsqueeze(0).bmm(a.unsqueeze(0)));
        TorchAssert.Equal([5, 11, 11, 25], einsum("ij,kj->ik", a, a));
        TorchAssert.Equal([1, 3, 2, 4], a.T);
        TorchAssert.Equal([1, 3, 2, 4], a.mT);
    }

    [Fact]
    public void SoftmaxSumsToOneAndMatchesHand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[] { 0.0, Math.Log(2), Math.Log(5) });
        TorchAssert.Equal([0.125, 0.25, 0.625], a.softmax(0), 1e-12);
        TorchAssert.Equal([Math.Log(0.125), Math.Log(0.25), Math.Log(0.625)], a.log_softmax(-1), 1e-12);
    }

    [Fact]
    public void InPlaceOperatorsChangeAndReturnTheSameTensor()
    {
        using var scope = NewDisposeScope();
        var a = Square;
        Assert.Same(a, a.add_(1).mul_(2).add_(-Square));
        TorchAssert.Equal([3, 4, 5, 6], a);
        a.fill_(7);
        a[0].zero_();
        TorchAssert.Equal([0, 0, 7, 7], a);
        a.copy_(Square);
        TorchAssert.Equal([1, 2, 3, 4], a);
    }
}

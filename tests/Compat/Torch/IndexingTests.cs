using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class IndexingTests
{
    private static Tensor Cube => arange(24).reshape(2, 3, 4);

    [Fact]
    public void ReadingPicksWhatThePlacesSay()
    {
        using var scope = NewDisposeScope();
        var a = Cube;
        TorchAssert.Equal([23], a[1, 2, 3]);
        TorchAssert.Equal([20, 21, 22, 23], a[1, -1]);
        TorchAssert.Shape(a[1], 3, 4);
        TorchAssert.Equal([1, 5, 9, 13, 17, 21], a[.., .., 1]);
        TorchAssert.Equal([1, 5, 9, 13, 17, 21], a[TensorIndex.Ellipsis, 1]);
        TorchAssert.Equal([4, 5, 8, 9], a[0, 1.., ..2]);
        TorchAssert.Equal([2, 3], a[0, 0, ^2..]);
        TorchAssert.Equal([0, 2], a[0, 0, TensorIndex.Slice(step: 2)]);
        TorchAssert.Equal([1, 2], a[0, 0, 1..^1]);
        TorchAssert.Shape(a[TensorIndex.None, .., 0], 1, 2, 4);
        TorchAssert.Shape(a[TensorIndex.Ellipsis, TensorIndex.None], 2, 3, 4, 1);
        TorchAssert.Shape(a[.., TensorIndex.Colon, TensorIndex.Null], 2, 3, 1, 4);
        TorchAssert.Shape(a[TensorIndex.Bool(true)], 1, 2, 3, 4);
        TorchAssert.Shape(a[TensorIndex.Bool(false)], 0, 2, 3, 4);
    }

    [Fact]
    public void TensorsIndexLikeLibtorch()
    {
        using var scope = NewDisposeScope();
        var a = Cube;
        var rows = tensor(new long[] { 1, 0 });
        var columns = tensor(new long[] { 2, 0 });
        TorchAssert.Shape(a[rows], 2, 3, 4);
        TorchAssert.Equal([20, 21, 22, 23, 0, 1, 2, 3], a[rows, columns]);
        TorchAssert.Equal([21, 1], a[TensorIndex.Tensor(rows), TensorIndex.Tensor(columns), 1]);
        TorchAssert.Equal([8, 9, 10, 11, 0, 1, 2, 3], a[0, TensorIndex.Tensor(columns)]);
        TorchAssert.Shape(a[.., TensorIndex.Tensor(columns), 1..], 2, 2, 3);
        TorchAssert.Equal([20, 21, 22, 23], a[a > 19]);
        var mask = tensor(new[] { true, false, false, false, false, true }).reshape(2, 3);
        TorchAssert.Equal([0, 1, 2, 3, 20, 21, 22, 23], a[mask]);
        TorchAssert.Equal([1, 21], a[TensorIndex.Tensor(mask), 1]);
        TorchAssert.Equal([2, 3, 22, 23], a[TensorIndex.Tensor(mask), 2..]);
    }

    [Fact]
    public void WritingChangesOnlyWhatIsPicked()
    {
        using var scope = NewDisposeScope();
        var a = zeros(2, 3);
        a[0, 1] = tensor(5f);
        a[1] = tensor(new float[] { 1, 2, 3 });
        TorchAssert.Equal([0, 5, 0, 1, 2, 3], a);
        a[.., 2] = tensor(9);
        TorchAssert.Equal([0, 5, 9, 1, 2, 9], a);
        a[a > 4] = tensor(-1f);
        TorchAssert.Equal([0, -1, -1, 1, 2, -1], a);
        a[tensor(new long[] { 0 }), tensor(new long[] { 0 })] = tensor(4f);
        TorchAssert.Equal([4, -1, -1, 1, 2, -1], a);
        a.index_put_(tensor(1f), [tensor(new long[] { 0, 0 }), tensor(new long[] { 0, 0 })], accumulate: true);
        TorchAssert.Equal([6, -1, -1, 1, 2, -1], a);
        a.index_put_(0.5, TensorIndex.Ellipsis, 0);
        TorchAssert.Equal([0.5, -1, -1, 0.5, 2, -1], a);
    }

    [Fact]
    public void GradientsPassThroughIndexing()
    {
        using var scope = NewDisposeScope();
        var a = ones(2, 3, requires_grad: true);
        (a[tensor(new long[] { 0, 0 })].sum() + a[1, 1..].sum() * 3).backward();
        TorchAssert.Equal([2, 2, 2, 0, 3, 3], a.grad!);
    }

    [Fact]
    public void AnIndexOutOfRangeIsAnError()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => Cube[2]);
        Assert.Contains("out of range", error.Message);
    }
}

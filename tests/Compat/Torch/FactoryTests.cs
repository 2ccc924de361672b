using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

[Collection(RandomStateCollection.Name)]
public class FactoryTests
{
    [Fact]
    public void ArraysBecomeTensorsOfTheirTypeAndShape()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(ScalarType.Float32, tensor(new float[] { 1 }).dtype);
        Assert.Equal(ScalarType.Float64, tensor(1.5).dtype);
        Assert.Equal(ScalarType.Int32, tensor(new[] { 1 }).dtype);
        Assert.Equal(ScalarType.Int64, tensor(3L).dtype);
        Assert.Equal(ScalarType.Bool, tensor(true).dtype);
        Assert.Equal(ScalarType.Byte, tensor(new byte[] { 255 }).dtype);
        TorchAssert.Shape(tensor(3f));
        TorchAssert.Shape(tensor(new float[2, 3, 4]), 2, 3, 4);
        TorchAssert.Shape(tensor(new float[6], [2, 3]), 2, 3);
        TorchAssert.Equal([1, 2, 3], tensor(new List<float> { 1, 2, 3 }));
        TorchAssert.Equal([1, 2, 3], tensor(new[] { 1.0, 2, 3 }, dtype: ScalarType.BFloat16));
        TorchAssert.Equal([1, 2, 3, 4], tensor(new int[,] { { 1, 2 }, { 3, 4 } }));
        Assert.True(tensor(new float[] { 1 }, requires_grad: true).requires_grad);
    }

    [Fact]
    public void ASourceThatDoesNotFillTheShapeIsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => tensor(new float[5], [2, 3]));
        Assert.Contains("5 elements do not fill the shape [2, 3]", error.Message);
    }

    [Fact]
    public void TheSourceArrayIsCopied()
    {
        using var scope = NewDisposeScope();
        var source = new float[] { 1, 2 };
        var made = tensor(source);
        source[0] = 9;
        TorchAssert.Equal([1, 2], made);
    }

    [Fact]
    public void FilledTensorsHoldWhatTheyAreNamedFor()
    {
        using var scope = NewDisposeScope();
        TorchAssert.Equal([0, 0], zeros(2));
        TorchAssert.Equal([1, 1], ones([2], ScalarType.Int64));
        TorchAssert.Equal([7, 7], full(2, 7f));
        Assert.Equal(ScalarType.Int64, full(2, 7).dtype);
        TorchAssert.Equal([0, 1, 2], arange(3));
        Assert.Equal(ScalarType.Int64, arange(3).dtype);
        TorchAssert.Equal([1, 1.5, 2], arange(1, 2.25, 0.5));
        TorchAssert.Equal([0, 0.5, 1], linspace(0, 1, 3));
        TorchAssert.Equal([1, 0, 0, 1], eye(2));
        TorchAssert.Equal([3, 3], full_like(ones(2), 3));
        Assert.Equal(ScalarType.Float64, zeros_like(ones(2), ScalarType.Float64).dtype);
        TorchAssert.Shape(empty([2, 3, 4]), 2, 3, 4);
    }

    [Fact]
    public void TheSameSeedGivesTheSameNumbers()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var first = (randn(4), rand(4), randperm(9), randint(0, 10, [5]), ones(4).multinomial(3));
        manual_seed(5);
        var second = (randn(4), rand(4), randperm(9), randint(0, 10, [5]), ones(4).multinomial(3));
        Assert.True(first.Item1.Equals(second.Item1) && first.Item2.Equals(second.Item2) && first.Item3.Equals(second.Item3));
        Assert.True(first.Item4.Equals(second.Item4) && first.Item5.Equals(second.Item5));
        Assert.False(randn(4).Equals(first.Item1));
    }

    [Fact]
    public void AGeneratorIsAStreamOfItsOwn()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11);
        var state = generator.get_state();
        var first = rand(3, generator: generator);
        manual_seed(1);
        generator.set_state(state);
        Assert.True(first.Equals(rand(3, generator: generator)));
    }

    [Fact]
    public void RandomNumbersFollowTheirDistribution()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        var normal = empty([20000]).normal_(3, 2);
        TorchAssert.Equal([3, 2], stack([normal.mean(), normal.std()]), 0.03);
        var uniform = empty([20000]).uniform_(-1, 3);
        TorchAssert.Equal([1], uniform.mean(), 0.03);
        Assert.InRange(uniform.min().item<float>(), -1, -0.99f);
    }

    [Fact]
    public void DataIsReadAndWrittenInPlace()
    {
        using var scope = NewDisposeScope();
        var a = arange(6, dtype: ScalarType.Float32).reshape(2, 3);
        Assert.Equal([0f, 3, 1, 4, 2, 5], a.T.data<float>().ToArray());
        Assert.Equal(4f, a.data<float>()[1, 1]);
        a.data<float>()[1, 1] = 40;
        Assert.Equal(40f, a[1, 1].item<float>());
        Assert.Equal(24, a.bytes.Length);
        a.bytes = new byte[24];
        TorchAssert.Equal([0, 0, 0, 0, 0, 0], a);
        Assert.Throws<ArgumentException>(() => a.bytes = new byte[23]);
        Assert.Throws<IndexOutOfRangeException>(() => a.data<float>()[2, 0]);
    }

    [Fact]
    public void AnElementOfAnotherTypeIsRefusedByName()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("Float32, not Float64", Assert.Throws<ArgumentException>(() => ones(1).item<double>()).Message);
        Assert.Contains("Int64, not Int32", Assert.Throws<ArgumentException>(() => arange(2).data<int>()).Message);
        Assert.Contains("has 2", Assert.Throws<ArgumentException>(() => ones(2).item<float>()).Message);
        Assert.Equal(1.0, ones(1).ToDouble());
        Assert.Equal(2L, (long)tensor(2.9));
    }
}

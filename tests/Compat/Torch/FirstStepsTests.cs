using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class FirstStepsTests
{
    [Fact]
    public void ArithmeticMatchesHand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        var b = tensor(new float[,] { { 5, 6 }, { 7, 8 } });
        Assert.Equal([19f, 22, 43, 50], a.matmul(b).data<float>().ToArray());
        Assert.Equal([3f, 6, 9, 12], (a * 3).data<float>().ToArray());
        Assert.Equal([2f, 4], a[.., 1].data<float>().ToArray());
        Assert.Equal([3f, 4], a[1].data<float>().ToArray());
        Assert.Equal(10f, a.sum().item<float>());
    }

    [Fact]
    public void BackwardFillsGradients()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2, 3 }, requires_grad: true);
        (x * x).sum().backward();
        Assert.Equal([2f, 4, 6], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void ShapeMismatchIsAnExceptionWithLibtorchsMessage()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => zeros(2, 3).matmul(zeros(2, 3)));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message);
    }
}

using System.Runtime.InteropServices;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class ErrorTests
{
    [Fact]
    public void ShapeMismatchCarriesLibtorchsMessage()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => zeros(2, 3).matmul(zeros(2, 3)));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message);
        Assert.DoesNotContain("frame #", error.Message);
    }

    [Fact]
    public void WrongElementTypeCarriesLibtorchsMessage()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => zeros(2, 2).matmul(zeros([2, 2], ScalarType.Float64)));
        Assert.Contains("Double", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void AnUnknownEquationIsAnError()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("einsum", Assert.Throws<ExternalException>(() => einsum("ij->?", ones(2, 2))).Message);
    }

    [Fact]
    public void AnOperatorThatThisLibtorchLacksIsNamed()
    {
        var error = Assert.Throws<ExternalException>(() => TorchSharp.Interop.Aten.One("no_such_operator"));
        Assert.Contains("no operator aten::no_such_operator", error.Message);
        Assert.Contains(__version__, error.Message);
    }

    [Fact]
    public void AMissingTensorIsNamedByItsArgument()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ExternalException>(() => ones(2).add((Tensor)null!));
        Assert.Contains("argument 'other' (position 2) must be Tensor, not None", error.Message);
    }

    [Fact]
    public void ADisposedTensorIsRefusedAsSuch()
    {
        var gone = ones(2);
        gone.Dispose();
        gone.Dispose();
        Assert.True(gone.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => gone.add(1));
        Assert.Throws<ObjectDisposedException>(() => gone.shape);
        using var here = ones(2);
        Assert.Throws<ObjectDisposedException>(() => here.add(gone));
        Assert.Throws<ObjectDisposedException>(() => cat([here, gone]));
    }

    [Fact]
    public void WorkGoesOnAfterManyErrors()
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < 1000; i++)
        {
            Assert.Throws<ExternalException>(() => zeros(2).view(3));
        }

        TorchAssert.Equal([2, 2], ones(2) + 1);
    }

    [Fact]
    public void AMissingDeviceIsAnError()
    {
        Assert.Throws<ArgumentException>(() => device("toaster"));
        Assert.SkipWhen(cuda.is_available(), "this machine has a GPU");
        Assert.Equal(0, cuda.device_count());
        Assert.Throws<ExternalException>(() => ones(2).cuda());
    }
}

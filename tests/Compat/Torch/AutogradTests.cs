using FsCheck;
using FsCheck.Fluent;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class AutogradTests
{
    private static readonly Dictionary<string, Func<Tensor, Tensor>> Functions = new()
    {
        ["polynomial"] = x => x * x * 3 - x / 2 + 1,
        ["exp"] = x => x.exp(),
        ["softmax"] = x => x.softmax(-1).pow(2),
        ["log_softmax"] = x => x.log_softmax(0),
        ["matmul"] = x => x.matmul(x.T),
        ["layer norm"] = x => nn.functional.layer_norm(x, [x.size(-1)]) * x,
        ["gelu"] = x => nn.functional.gelu(x),
        ["sigmoid"] = x => x.sigmoid() * x.tanh(),
        ["gather"] = x => x.gather(1, tensor(new long[,] { { 2, 0 }, { 1, 1 }, { 0, 2 } })).square(),
        ["cumsum"] = x => x.cumsum(1).pow(2),
        ["norm"] = x => x.norm(1),
        ["amax"] = x => x.amax([1]),
        ["cat and split"] = x => cat(x.split(1, 1).Reverse().ToArray(), 1) * arange(9).reshape(3, 3),
        ["where"] = x => where(x > 0, x.square(), x.abs()),
        ["index"] = x => x[TensorIndex.Tensor(tensor(new long[] { 0, 2, 2 })), 1..].square(),
        ["normalize"] = x => nn.functional.normalize(x, dim: -1) * arange(9).reshape(3, 3),
        ["cosine"] = x => nn.functional.cosine_similarity(x, x.flip(1)),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void GradientsAgreeWithFiniteDifferences(string name)
    {
        var numbers = Gen.Choose(-2000, 2000).Select(thousandths => thousandths / 1000.0).ArrayOf(9);
        Prop.ForAll(numbers.ToArbitrary(), values => Agrees(Functions[name], values)).Check(
            Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(8).WithReplay(20240511, 13));
    }

    [Fact]
    public void GradientsAccumulateUntilCleared()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2 }, requires_grad: true);
        Assert.Null(x.grad);
        (x * x).sum().backward();
        (x * x).sum().backward();
        TorchAssert.Equal([4, 8], x.grad!);
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void AGraphIsWalkedOnceUnlessRetained()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 1, 2 }, requires_grad: true);
        var y = x.exp().sum();
        y.backward(retain_graph: true);
        y.backward();
        var error = Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => y.backward());
        Assert.Contains("second time", error.Message);
    }

    [Fact]
    public void SecondDerivativesComeFromCreateGraph()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 2.0 }, requires_grad: true);
        var first = autograd.grad([x.pow(3).sum()], [x], create_graph: true)[0];
        TorchAssert.Equal([12], first);
        TorchAssert.Equal([12], autograd.grad([first.sum()], [x])[0]);
    }

    [Fact]
    public void UnusedInputsHaveNoGradientWhenAllowed()
    {
        using var scope = NewDisposeScope();
        var x = ones(1, requires_grad: true);
        var unused = ones(1, requires_grad: true);
        Assert.Null(autograd.grad([x * 2], [x, unused], allow_unused: true)[1]);
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => autograd.grad([x * 2], [unused]));
    }

    [Fact]
    public void NothingIsRecordedWithoutGrad()
    {
        using var scope = NewDisposeScope();
        var x = ones(1, requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad())
            {
                Assert.True((x * 2).requires_grad);
            }

            Assert.False(is_grad_enabled());
        }

        Assert.True((x * 2).requires_grad);
        Assert.False((x * 2).detach().requires_grad);
    }

    [Fact]
    public void TensorsOfInferenceModeStayOutOfGraphs()
    {
        using var scope = NewDisposeScope();
        var x = ones(1, requires_grad: true);
        Tensor inside;
        using (inference_mode())
        {
            inside = x * 2;
            TorchAssert.Equal([2], inside);
        }

        Assert.False(inside.requires_grad);
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => x * inside);
    }

    [Fact]
    public void GradientsOfInnerTensorsAreKeptOnRequest()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        var y = x * 3;
        y.retain_grad();
        y.square().sum().backward();
        TorchAssert.Equal([6, 6], y.grad!);
        Assert.True(x.is_leaf);
        Assert.False(y.is_leaf);
    }

    private static bool Agrees(Func<Tensor, Tensor> function, double[] values)
    {
        using var scope = NewDisposeScope();
        var x = tensor(values, [3, 3], requires_grad: true);
        function(x).sum().backward();
        var found = x.grad!.data<double>().ToArray();
        const double Step = 1e-6;
        for (var i = 0; i < values.Length; i++)
        {
            double[] above = [.. values], below = [.. values];
            above[i] += Step;
            below[i] -= Step;
            var expected = (function(tensor(above, [3, 3])).sum() - function(tensor(below, [3, 3])).sum()).ToDouble() / (2 * Step);

            // Where a maximum or a sign changes hands within the step there is no derivative to compare.
            var slope = (function(tensor(above, [3, 3])).sum() - function(tensor(values, [3, 3])).sum()).ToDouble() / Step;
            if (Math.Abs(slope - expected) < 1e-3 * Math.Max(1, Math.Abs(expected)) && Math.Abs(found[i] - expected) > 1e-4 * Math.Max(1, Math.Abs(expected)))
            {
                return false;
            }
        }

        return true;
    }
}

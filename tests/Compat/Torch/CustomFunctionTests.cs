using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class CustomFunctionTests
{
    [Fact]
    public void BackwardIsTheManagedOne()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 2, -3 }, requires_grad: true);
        var y = ScaledSquare.apply(x, 5.0);
        TorchAssert.Equal([20, 45], y);
        (y * tensor(new float[] { 1, 10 })).sum().backward();
        TorchAssert.Equal([20, -300], x.grad!);
    }

    [Fact]
    public void SeveralOutputsEachBringTheirGradient()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 2 }, requires_grad: true);
        var outputs = Both.apply(x);
        (outputs[0] * 3 + outputs[1] * 7).sum().backward();
        TorchAssert.Equal([10], x.grad!);
    }

    [Fact]
    public void AnExceptionOfBackwardReachesTheCallerAsItself()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[] { 2 }, requires_grad: true);
        var error = Assert.Throws<InvalidDataException>(() => Failing.apply(x).sum().backward());
        Assert.Equal("on purpose", error.Message);
        (x * 2).sum().backward();
        TorchAssert.Equal([2], x.grad!);
    }

    internal sealed class ScaledSquare : autograd.SingleTensorFunction<ScaledSquare>
    {
        public override string Name => nameof(ScaledSquare);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            ctx.save_data("factor", vars[1]);
            return x * x * (double)vars[1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
            => [grad_output * ctx.get_saved_variables()[0] * 2 * (double)ctx.get_data("factor"), null!];
    }

    private sealed class Both : autograd.MultiTensorFunction<Both>
    {
        public override string Name => nameof(Both);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars) => [(Tensor)vars[0] * 1, (Tensor)vars[0] * 1];

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) => [grad_outputs[0] + grad_outputs[1]];
    }

    private sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => (Tensor)vars[0] * 2;

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new InvalidDataException("on purpose");
    }
}

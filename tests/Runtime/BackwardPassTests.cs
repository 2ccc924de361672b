using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public sealed class BackwardPassTests
{
    [Fact]
    public void AnExceptionInABackwardPassReachesTheCaller() =>
        ChildTest.Passes(typeof(BackwardPassTests), nameof(FailingFunction), TimeSpan.FromMinutes(1));

    [Fact(Explicit = true)]
    public void FailingFunction()
    {
        using var scope = NewDisposeScope();
        var x = ones(3).requires_grad_();
        var thrown = Assert.Throws<InvalidDataException>(() => BackwardPass.Run(Failing.apply(x)[0].sum()));
        Assert.Equal("a block of 3 failed", thrown.Message);
        BackwardPass.Run((x * 2).sum()); // and it is over
        Assert.Equal([2f, 2f, 2f], x.grad!.data<float>().ToArray());

        Failing.apply(x)[0].sum().backward(); // tells nobody
        Assert.Throws<InvalidDataException>(() => Failing.apply(x)); // but later
        Failing.apply(x);
    }

    [Fact]
    public void UnusedOutputsHaveNoGradient()
    {
        using var scope = NewDisposeScope();
        var x = ones(3).requires_grad_();
        BackwardPass.Run(Twins.apply(x)[1].sum());
        Assert.Equal([3f, 3f, 3f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void ANativeErrorStaysItself()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => BackwardPass.Run(ones(3)));
    }

    private sealed class Failing : GuardedFunction<Failing>
    {
        protected override List<Tensor> Forward(autograd.AutogradContext context, IReadOnlyList<object> arguments) => [((Tensor)arguments[0]) * 1];

        protected override IReadOnlyList<Tensor?> Backward(autograd.AutogradContext context, IReadOnlyList<Tensor?> gradients) =>
            throw new InvalidDataException($"a block of {gradients[0]!.shape[0]} failed");
    }

    // Gives its argument twice, and three times the second's gradient back.
    private sealed class Twins : GuardedFunction<Twins>
    {
        protected override List<Tensor> Forward(autograd.AutogradContext context, IReadOnlyList<object> arguments) =>
            [((Tensor)arguments[0]) * 1, ((Tensor)arguments[0]) * 1];

        protected override IReadOnlyList<Tensor?> Backward(autograd.AutogradContext context, IReadOnlyList<Tensor?> gradients)
        {
            Assert.Null(gradients[0]);
            return [gradients[1]! * 3];
        }
    }
}

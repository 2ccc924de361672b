using Madtp.Kit.Tasks;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Tasks;

public sealed class TrainingObjectiveTests
{
    [Fact]
    public void AddsAlignmentWithItsWeightAndPassesGradientsOn()
    {
        using var scope = NewDisposeScope();
        var x = tensor(3f).requires_grad_();
        var losses = new StepLosses(x * x, tensor(0f)) { Alignment = x * 5, Auxiliary = x * 7 };
        var total = new TrainingObjective(AlignmentWeight: 0.1, AuxiliaryWeight: 2).Total(losses);
        total.backward();
        Assert.Equal(9 + (0.1 * 15) + (2 * 21), total.item<float>(), 5);
        Assert.Equal((2 * 3) + (0.1 * 5) + (2 * 7), x.grad!.item<float>(), 5);
    }

    [Fact]
    public void IsTheTaskLossAloneWhereNothingIsAligned()
    {
        using var scope = NewDisposeScope();
        var losses = new StepLosses(tensor(2f), tensor(0f));
        Assert.Equal(2f, new TrainingObjective().Total(losses).item<float>());
    }
}

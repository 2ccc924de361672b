using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

/// <summary>AdamW against numbers that PyTorch 1.13 gave.</summary>
public class AdamWTests
{
    [Fact]
    public void TwoGroupsStepAsPyTorchSteps()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Parameters();
        using var optimizer = Optimizer(weight, bias);
        Step(optimizer, weight, bias);
        TorchAssert.Equal([0.39750561118125916, -0.8950003385543823, 1.8900014162063599, 0.14875094592571259], weight);
        TorchAssert.Equal([0.10999996960163116, -0.2099999189376831], bias);
        float loss = 0;
        for (var i = 0; i < 4; i++)
        {
            loss = Step(optimizer, weight, bias);
        }

        TorchAssert.Equal([0.1963041126728058, -0.4788992404937744, 1.4556453227996826, -0.2506793141365051], weight);
        TorchAssert.Equal([0.1499871462583542, -0.24997133016586304], bias);
        Assert.Equal(0.35695528984069824, loss, 1e-6);
    }

    [Fact]
    public void AmsgradKeepsTheLargestDeviation()
    {
        using var scope = NewDisposeScope();
        var p = nn.Parameter(tensor(new float[] { 1, -2, 3 }));
        using var optimizer = optim.AdamW([p], lr: 0.05, weight_decay: 0.01, amsgrad: true);
        for (var i = 0; i < 4; i++)
        {
            optimizer.zero_grad();
            ((p - tensor(new[] { 0f, 1, 2.9f })).square() * (4 - i)).sum().backward();
            optimizer.step();
        }

        TorchAssert.Equal([0.8105494976043701, -1.807246208190918, 2.8393685817718506], p);
    }

    [Fact]
    public void TheLearningRateOfAGroupCanBeChanged()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Parameters();
        using var optimizer = Optimizer(weight, bias);
        Assert.Equal([0.1, 0.01], optimizer.ParamGroups.Select(group => group.LearningRate));
        foreach (var group in optimizer.ParamGroups)
        {
            group.LearningRate = 0;
            Assert.NotEqual(0, group.InitialLearningRate);
        }

        Step(optimizer, weight, bias);
        TorchAssert.Equal([0.5, -1, 2, 0.25], weight);
    }

    [Fact]
    public void AParameterWithoutGradientStaysAsItIs()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Parameters();
        using var optimizer = optim.AdamW([weight, bias], lr: 0.1, weight_decay: 0.5);
        weight.sum().backward();
        optimizer.step();
        TorchAssert.Equal([0.1, -0.2], bias);
    }

    [Fact]
    public void AResumedRunContinuesExactly()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Parameters();
        using var whole = Optimizer(weight, bias);
        Step(whole, weight, bias);
        Step(whole, weight, bias);
        var (weightAgain, biasAgain) = (nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone()));
        using var again = Optimizer(weightAgain, biasAgain);
        again.load_state_dict(whole.state_dict());
        Step(whole, weight, bias);
        Step(again, weightAgain, biasAgain);
        Assert.True(weight.Equals(weightAgain) && bias.Equals(biasAgain));
        Assert.Equal(3, ((AdamW.State)again.state_dict().State[0]).step);
    }

    [Fact]
    public void AnothersStateIsRefusedByItsSizes()
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Parameters();
        using var two = Optimizer(weight, bias);
        using var one = optim.AdamW([weight]);
        Assert.Contains("[1, 1] parameters, this optimizer of [1]", Assert.Throws<ArgumentException>(() => one.load_state_dict(two.state_dict())).Message);
    }

    [Fact]
    public void GradientsAreClippedTogether()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (nn.Parameter(zeros(2)), nn.Parameter(zeros(1, 1)));
        a.grad = tensor(new float[] { 3, 4 });
        b.grad = tensor(new float[,] { { 12 } });
        Assert.Equal(13, nn.utils.clip_grad_norm_([a, b], 20), 1e-5);
        TorchAssert.Equal([3, 4], a.grad);
        Assert.Equal(13, nn.utils.clip_grad_norm_([a, b], 1), 1e-5);
        TorchAssert.Equal([3 / 13.0, 4 / 13.0], a.grad);
        TorchAssert.Equal([12 / 13.0], b.grad);
        Assert.Equal(12 / 13.0, nn.utils.clip_grad_norm_([a, b], 1, double.PositiveInfinity), 1e-5);
    }

    private static (Parameter Weight, Parameter Bias) Parameters()
        => (nn.Parameter(tensor(new[,] { { 0.5f, -1 }, { 2, 0.25f } })), nn.Parameter(tensor(new[] { 0.1f, -0.2f })));

    private static AdamW Optimizer(Parameter weight, Parameter bias) => optim.AdamW(
        [new AdamW.ParamGroup([weight], lr: 0.1, beta1: 0.9, beta2: 0.98, eps: 1e-6, weight_decay: 0.05), new AdamW.ParamGroup([bias], lr: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-6)]);

    private static float Step(AdamW optimizer, Parameter weight, Parameter bias)
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[,] { { 1f, 2 }, { -1, 0.5f }, { 0.3f, 0.7f } });
        optimizer.zero_grad();
        var loss = (x.matmul(weight.T) + bias).tanh().square().mean();
        loss.backward();
        optimizer.step();
        return loss.item<float>();
    }
}

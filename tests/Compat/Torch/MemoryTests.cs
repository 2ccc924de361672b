using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

/// <summary>Counts live native handles, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public class MemoryTests
{
    [Fact]
    public void AScopeLeavesNoHandleBehind()
    {
        Assert.Equal(0, Grown(() =>
        {
            using var scope = NewDisposeScope();
            var x = ones(4, 4, requires_grad: true);
            x.matmul(x).softmax(-1).split(1, 1).Last().sum().backward();
            _ = x.grad;
            _ = x[.., 1, TensorIndex.None];
            Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => x.view(3));
        }));
    }

    [Fact]
    public void TrainingLeavesNoHandleBehind()
    {
        using var model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 2));
        using var optimizer = optim.AdamW(model.parameters());
        Assert.Equal(0, Grown(() =>
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            model.call(ones(3, 4)).square().mean().backward();
            nn.utils.clip_grad_norm_(model.parameters(), 1);
            optimizer.step();
        }));
    }

    [Fact]
    public void WhatACustomForwardSavedGoesWithItsGraph()
    {
        using var x = ones(1, requires_grad: true);
        Assert.Equal(0, Grown(() =>
        {
            using var scope = NewDisposeScope();
            CustomFunctionTests.ScaledSquare.apply(x, 1.0).sum().backward();
            x.grad = null;
        }));
    }

    [Fact]
    public void ForgottenTensorsAreFreedByTheCollector()
    {
        var before = Settled();
        Forget();
        Assert.InRange(Settled() - before, 0, 1);
    }

    [Fact]
    public void DisposingAModuleFreesItsTensors()
    {
        var before = Settled();
        using (nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8)))
        {
            Assert.Equal(4, Settled() - before);
        }

        Assert.Equal(0, Settled() - before);
    }

    private static void Forget()
    {
        for (var i = 0; i < 100; i++)
        {
            _ = ones(10);
        }
    }

    private static long Grown(Action work)
    {
        work();
        var before = Settled();
        for (var i = 0; i < 20; i++)
        {
            work();
        }

        return Tensor.TotalCount - before;
    }

    private static long Settled()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return Tensor.TotalCount;
    }
}

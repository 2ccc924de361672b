using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public sealed class RandomStateTests
{
    [Fact]
    public void NumbersGoOnFromAState()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        rand(700);
        var state = RandomState.Take();
        var expected = rand(1000).data<float>().ToArray();
        RandomState.Restore(state);
        Assert.Equal(expected, rand(1000).data<float>().ToArray());
    }

    [Fact]
    public void WhatIsNoStateIsRefused()
    {
        var state = RandomState.Take();
        foreach (var damaged in new[] { [], state[..^1], new byte[state.Length], [.. Enumerable.Repeat((byte)255, state.Length)] })
            Assert.Throws<InvalidDataException>(() => RandomState.Restore(damaged));
    }
}

using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class DisposeScopeTests
{
    [Fact]
    public void AScopeFreesWhatWasMadeInIt()
    {
        Tensor inner, kept;
        using (NewDisposeScope())
        {
            using (var scope = NewDisposeScope())
            {
                inner = ones(2);
                kept = (inner + 1).MoveToOuterDisposeScope();
                Assert.Equal(1, scope.DisposablesCount);
                Assert.True(scope.Contains(inner));
                Assert.Same(scope, CurrentDisposeScope);
            }

            Assert.True(inner.IsInvalid);
            TorchAssert.Equal([2, 2], kept);
        }

        Assert.True(kept.IsInvalid);
        Assert.Null(CurrentDisposeScope);
    }

    [Fact]
    public void WhatIsDetachedOutlivesEveryScope()
    {
        Tensor kept;
        using (NewDisposeScope())
        {
            kept = ones(1).DetachFromDisposeScope();
        }

        Assert.False(kept.IsInvalid);
        kept.Dispose();
    }

    [Fact]
    public void MovingOutOfTheOutermostScopeDetaches()
    {
        Tensor kept;
        using (NewDisposeScope())
        {
            kept = ones(1).MoveToOuterDisposeScope();
        }

        Assert.False(kept.IsInvalid);
        kept.Dispose();
    }

    [Fact]
    public void ATensorMovesToAnothersScope()
    {
        using var outer = NewDisposeScope();
        var anchor = ones(1);
        Tensor moved;
        using (NewDisposeScope())
        {
            moved = ones(1).MoveToOtherDisposeScope(anchor);
        }

        Assert.False(moved.IsInvalid);
        Assert.True(outer.Contains(moved));
    }

    [Fact]
    public void EarlyDisposalLeavesTheScopeInOrder()
    {
        using var scope = NewDisposeScope();
        var a = ones(1);
        a.Dispose();
        Assert.Equal(0, scope.DisposablesCount);
        var b = ones(1);
        var c = ones(1);
        scope.DisposeEverythingBut(c);
        Assert.True(b.IsInvalid);
        Assert.False(c.IsInvalid);
    }

    [Fact]
    public void ScopesBelongToTheirThread()
    {
        using var scope = NewDisposeScope();
        Tensor? elsewhere = null;
        var thread = new Thread(() => elsewhere = ones(1));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        elsewhere!.Dispose();
    }

    [Fact]
    public void AWrappedExpressionKeepsItsResultOnly()
    {
        using var scope = NewDisposeScope();
        var result = WrappedTensorDisposeScope(() => (ones(2) + 1) * 3);
        TorchAssert.Equal([6, 6], result);
        Assert.Equal(1, scope.DisposablesCount);
    }
}

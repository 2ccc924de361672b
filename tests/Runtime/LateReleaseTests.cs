using Madtp.Kit.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

/// <summary>Operands that are garbage while a native call reads them, with another thread that collects all the time.</summary>
[Collection(nameof(LateReleaseTests))]
public sealed class LateReleaseTests
{
    private const int Steps = 300;
    private static readonly Device Device = ComputeDevice.Of(Environment.GetEnvironmentVariable("KIT_DEVICE") ?? ComputeDevice.Auto);
    private static readonly int Calls = ComputeDevice.HasGpu ? 10_000 : 100_000; // of three operators each

    [Fact]
    public void IsInForce() => Assert.True(LateRelease.IsOn);

    [Fact]
    [Trait("speed", "slow")]
    public void NumbersOutliveTheCallsTheyAreGivenTo() =>
        ChildTest.Passes(typeof(LateReleaseTests), nameof(Numbers), TimeSpan.FromMinutes(3));

    [Fact]
    [Trait("speed", "slow")]
    public void TemporariesOutliveTheCallsTheyAreGivenTo() =>
        ChildTest.Passes(typeof(LateReleaseTests), nameof(Temporaries), TimeSpan.FromMinutes(3));

    [Fact]
    [Trait("speed", "slow")]
    public void AnOptimizersOwnNumbersDoToo() =>
        ChildTest.Passes(typeof(LateReleaseTests), nameof(Optimizer), TimeSpan.FromMinutes(3));

    [Fact(Explicit = true)]
    public void Numbers()
    {
        using var unrecorded = no_grad();
        using var a = ones(8, device: Device);
        using var b = ones(8, device: Device);
        float Sum()
        {
            var sum = 0f;
            for (var i = 0; i < Calls; i++)
            {
                using var scope = NewDisposeScope();
                sum += (a * 0.5).cpu().data<float>()[0] + (a + b).cpu().data<float>()[1] + (b + 1.5).cpu().data<float>()[2];
            }

            return sum;
        }

        WhileCollecting(10_000, 5f * Calls, Sum);
    }

    [Fact(Explicit = true)]
    public void Temporaries()
    {
        using var unrecorded = no_grad();
        using var a = full(200_000, 4f, device: Device);
        float Sum()
        {
            var sum = 0f;
            for (var i = 0; i < 100; i++)
                sum += (a.mul(a).sqrt().mul(a).sqrt() - a).abs().max().cpu().data<float>()[0];

            return sum;
        }

        WhileCollecting(2_000, 0f, Sum);
    }

    [Fact(Explicit = true)]
    public void Optimizer() => WhileCollecting(30_000, Trained(), Trained);

    [Fact]
    [Trait("speed", "slow")]
    public void WhatIsFinalisedIsReleasedInTheEnd() =>
        ChildTest.Passes(typeof(LateReleaseTests), nameof(Release), TimeSpan.FromMinutes(3));

    [Fact(Explicit = true)]
    public void Release()
    {
        using var unrecorded = no_grad();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 2000; i++)
        {
            ones(1_000_000, device: Device); // 4 MB each: 8 GB together
            if (i % 50 == 0)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Thread.Sleep(50);
            }
        }

        Assert.True(Environment.WorkingSet < 4_000_000_000, $"{Environment.WorkingSet / 1e9:F1} GB");
        Assert.True(Tensor.TotalCount < before + 1000);
    }

    private static float[] Trained()
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 4)).to(Device);
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-2, weight_decay: 0.05);
        var (input, target) = (randn(16, 8).to(Device), randint(0, 4, [16]).to(Device));
        for (var step = 0; step < Steps; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            BackwardPass.Run(nn.functional.cross_entropy(model.forward(input), target));
            optimizer.step();
        }

        return [.. model.parameters().SelectMany(parameter => parameter.cpu().data<float>().ToArray())];
    }

    // Does the work again and again beside a thread that collects, until that has collected so many times or five seconds have passed.
    private static void WhileCollecting<T>(int collections, T expected, Func<T> work)
    {
        Assert.True(LateRelease.IsOn); // and loads the library, which begins it
        var done = false;
        var count = 0;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(0);
                if (Interlocked.Increment(ref count) % 8 == 0)
                {
                    Thread.Sleep(1); // else the work stands still: every collection suspends it
                }
            }
        });
        collector.Start();
        try
        {
            do
            {
                Assert.Equal(expected, work());
            }
            while (Volatile.Read(ref count) < collections && clock.Elapsed < TimeSpan.FromSeconds(5));
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
            Console.WriteLine($"{count} collections in {clock.Elapsed.TotalSeconds:F1} s");
        }
    }
}

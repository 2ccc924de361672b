using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public sealed class OpenMpTests
{
    [Fact]
    public void Libtorch_s_threads_are_found_on_Linux() => Assert.True(OpenMp.IsOn || !OperatingSystem.IsLinux());

    /// <summary>Also where there are fewer threads than parts.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void Every_part_is_done_once(int count)
    {
        var done = new int[count];
        OpenMp.Run(count, part => Interlocked.Increment(ref done[part]));
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_a_part_throws_is_thrown_as_it_is_and_the_threads_go_on(int count)
    {
        var error = Assert.Throws<InvalidDataException>(() => OpenMp.Run(count, part =>
        {
            if (part == count - 1)
                throw new InvalidDataException("a sentence");
        }));
        Assert.Equal("a sentence", error.Message);
        Every_part_is_done_once(2);
    }

    /// <summary>Managed work on the threads that libtorch's operators use in between, from several threads, while memory is collected.</summary>
    [Fact]
    public void Operators_parts_and_collections_take_turns()
    {
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, seed =>
        {
            using var scope = NewDisposeScope();
            var numbers = ones(100_000);
            for (var turn = 0; turn < 200; turn++)
            {
                using var sum = numbers + numbers;
                var found = new double[2];
                RowWise.InParts(2, 1 << 14, (first, end) =>
                {
                    for (var part = first; part < end; part++)
                    {
                        var garbage = new double[1000];
                        garbage[0] = RowWise.Numbers(sum)[(part * 50_000) + turn];
                        found[part] = garbage[0];
                    }
                });
                Assert.Equal([2.0, 2.0], found);
                if (turn % 50 == seed)
                    GC.Collect();
            }
        });
    }
}

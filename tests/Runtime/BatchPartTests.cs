using Madtp.Kit.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Runtime;

public class BatchPartTests
{
    private static readonly int[] Batch = [7, 8, 9, 5, 6, 4];

    [Fact]
    public void A_part_draws_its_share_of_the_whole_batchs_numbers()
    {
        var shapes = new List<long[]>();
        Tensor Draw(long[] shape)
        {
            shapes.Add(shape);
            return arange(shape[0]).view(shape);
        }

        using (BatchPart.Begin(Batch, 2, 2))
        {
            Assert.Equal([2, 3, 8, 9], BatchPart.Draw([4, 1], Draw).data<long>().ToArray());
            Assert.Equal(9, BatchPart.Longest(example => example));
        }

        Assert.Equal([12, 1], shapes[0]);
        using (BatchPart.Begin(Batch, 0, 6))
        {
            Assert.Null(BatchPart.Current);
            Assert.Equal([0, 1], BatchPart.Draw([2, 1], Draw).data<long>().ToArray());
        }
    }

    [Fact]
    public void Means_of_parts_add_up_to_the_whole_batchs()
    {
        using var part = BatchPart.Begin(Batch, 2, 2);
        using var mean = tensor(10f);
        Assert.Equal(10f * 3 * 3 / 6, BatchPart.Mean(mean, [9, 5], some => some.Length == 2 ? 3 : 6)!.item<float>());
        Assert.Null(BatchPart.Mean(mean, [9, 5], some => some.Length == 2 ? 0 : 6));
    }

    [Fact]
    public void Dropout_belongs_to_the_sample()
    {
        using var dropout = new SampleDropout(0.4);
        dropout.train();
        using var input = arange(1, 6 * 4 * 5 + 1, dtype: float32).view(6, 4, 5);
        manual_seed(3);
        using var whole = dropout.forward(input);
        Assert.True(whole.eq(0).any().item<bool>());
        manual_seed(3);
        using var part = BatchPart.Begin(Batch, 2, 2);
        using var own = dropout.forward(input.slice(0, 2, 4, 1));
        Assert.Equal(whole.slice(0, 2, 4, 1).contiguous().data<float>().ToArray(), own.data<float>().ToArray());
    }

    [Fact]
    public void Another_thread_has_its_own_batch_in_hand()
    {
        using var part = BatchPart.Begin(Batch, 0, 3);
        var other = BatchPart.Current;
        var thread = new Thread(() => other = BatchPart.Current);
        thread.Start();
        thread.Join();
        Assert.Null(other);
    }
}

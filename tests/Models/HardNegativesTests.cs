using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class HardNegativesTests
{
    [Fact]
    public void Never_the_own_image_and_the_similar_ones_more_often()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11);
        var similarity = tensor(new float[] { 9, 9, 0, (float)Math.Log(3), 9, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9 }, 4, 4);
        var ids = tensor(new long[] { 5, 5, 6, 7 }); // the first two show one image
        var counts = new int[4, 4];
        for (var draw = 0; draw < 2000; draw++)
        {
            using var step = NewDisposeScope();
            var drawn = HardNegatives.Draw(similarity, ids, generator).data<long>().ToArray();
            for (var row = 0; row < 4; row++)
                counts[row, drawn[row]]++;
        }

        Assert.Equal(0, counts[0, 0] + counts[0, 1] + counts[1, 0] + counts[1, 1] + counts[2, 2] + counts[3, 3]);
        Assert.InRange(counts[0, 3] / 2000.0, 0.71, 0.79); // odds 3 to 1
        Assert.InRange(counts[3, 2] / 2000.0, 0.29, 0.37);
    }

    [Fact]
    public void A_seed_decides_the_draw()
    {
        using var scope = NewDisposeScope();
        var (similarity, ids) = (zeros(6, 6), arange(6, dtype: int64));
        long[] Draw(ulong seed)
        {
            using var generator = new Generator(seed);
            return HardNegatives.Draw(similarity, ids, generator).data<long>().ToArray();
        }

        Assert.Equal(Draw(3), Draw(3));
        Assert.NotEqual(Draw(3), Draw(4));
    }

    [Fact]
    public void Similarities_far_apart_do_not_underflow()
    {
        using var scope = NewDisposeScope();
        var similarity = tensor(new float[] { 1000, -1000, -990, 1000, 1000, -1000, -1000, -1000, 1000 }, 3, 3);
        Assert.Equal(2, HardNegatives.Draw(similarity, arange(3, dtype: int64))[0].item<long>());
    }

    [Fact]
    public void A_batch_of_one_image_is_refused()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => HardNegatives.Draw(zeros(2, 2), tensor(new long[] { 4, 4 })));
        Assert.Contains("one image", error.Message, StringComparison.Ordinal);
    }
}

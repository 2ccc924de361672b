using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class RandomPruningTests
{
    [Fact]
    public void The_draw_is_uniform_and_unrelated_to_the_tokens()
    {
        using var scope = NewDisposeScope();
        manual_seed(11);
        var tokens = randn(1, 4000, 8);
        var draw = new RandomScorer(3).Draw(tokens, layer: 0).Floats();
        var bins = new int[10];
        foreach (var u in draw)
        {
            Assert.InRange(u, 0f, 1f);
            bins[Math.Min(9, (int)(u * 10))]++;
        }

        // χ² with 9 degrees of freedom exceeds 27.9 once in a thousand times.
        Assert.True(bins.Sum(n => (n - 400.0) * (n - 400.0) / 400) < 27.9, string.Join(' ', bins));
        var norms = tokens.norm(-1).Floats();
        Assert.True(Math.Abs(Correlation(draw, norms)) < 0.05);
    }

    [Fact]
    public void Equal_tokens_draw_alike_and_other_seeds_layers_and_samples_draw_anew()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(5, [30, 30]);
        bool[] Kept(ulong seed, int layer = 0) => (RandomPruning.Policy(0.5) with { Scorer = new RandomScorer(seed) }).Reduce(context with { Layer = layer }).Kept!.Keep.data<bool>().ToArray();
        Assert.Equal(Kept(1), Kept(1));
        Assert.NotEqual(Kept(1), Kept(2));
        Assert.NotEqual(Kept(1)[..30], Kept(1)[30..]);
        Assert.All(new[] { Kept(1)[..30], Kept(1)[30..] }, sample => Assert.Equal(15, sample.Count(kept => kept)));
        var chance = new RandomScorer(1);
        Assert.NotEqual(chance.Score(context).Total.Floats(), chance.Score(context with { Layer = 1 }).Total.Floats());
    }

    [Fact]
    public void Every_position_is_kept_about_as_often()
    {
        using var scope = NewDisposeScope();
        var kept = new int[10];
        for (var seed = 0; seed < 200; seed++)
        {
            using var inner = NewDisposeScope();
            var rows = RandomPruning.Policy(0.5).Reduce(OneBlock.Random(seed, [10, 10])).Kept!;
            var keep = rows.Keep.data<bool>().ToArray();
            for (var i = 0; i < keep.Length; i++)
                kept[i % 10] += keep[i] ? 1 : 0;
        }

        // 400 draws of probability one half: a standard deviation is 10.
        Assert.All(kept, n => Assert.InRange(n, 150, 250));
        Assert.Equal(2000, kept.Sum());
    }

    private static double Correlation(float[] a, float[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        var covariance = a.Zip(b).Sum(pair => (pair.First - meanA) * (double)(pair.Second - meanB));
        return covariance / Math.Sqrt(a.Sum(x => Math.Pow(x - meanA, 2)) * b.Sum(x => Math.Pow(x - meanB, 2)));
    }
}

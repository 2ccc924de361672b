using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class EvitTests
{
    /// <summary>EViT in loops over single numbers, against the policy.</summary>
    [Fact]
    public void Keeps_and_fuses_as_the_equations_say()
    {
        Prop.ForAll(OneBlock.Blocks.ToArbitrary(), Gen.Elements(true, false).ToArbitrary(), (one, fuse) =>
        {
            using var scope = NewDisposeScope();
            var context = OneBlock.Random(one.Seed, one.Lengths);
            var (tokens, _, _) = Evit.Policy(one.Ratio, fuse: fuse).Reduce(context);
            for (var b = 0; b < 2; b++)
                OneBlock.Same(Plain(context, b, one.Lengths[b], one.Ratio, fuse), tokens.Rows(b));

            return true;
        }).Check(OneBlock.Cases);
    }

    [Fact]
    public void The_fused_token_teaches_the_attention_and_dropping_does_not()
    {
        foreach (var fuse in new[] { true, false })
        {
            using var scope = NewDisposeScope();
            var context = OneBlock.Random(4, [10]);
            var probabilities = context.Record.Probabilities.detach().requires_grad_(true);
            var x = context.Attended.X.detach().requires_grad_(true);
            var (tokens, _, _) = Evit.Policy(0.5, fuse: fuse).Reduce(context with
            {
                Record = context.Record with { Probabilities = probabilities },
                Attended = context.Attended with { X = x },
            });
            tokens.X.pow(2).sum().backward();
            Assert.Equal(fuse, probabilities.grad is { } gradient && gradient.abs().sum().item<float>() > 0);
            Assert.Equal(fuse ? 11 : 6, x.grad!.abs().sum(-1).ne(0).sum().item<long>()); // the class token and every token, or those kept
        }
    }

    private static List<float[]> Plain(ReductionContext context, int sample, int length, double ratio, bool fuse)
    {
        var attention = context.Record.Probabilities;
        var (heads, all, width) = ((int)attention.shape[1], (int)attention.shape[3], (int)context.Attended.X.shape[2]);
        var p = attention[sample].Floats();
        var x = context.Attended.X[sample].Floats();
        var score = new double[length];
        for (var n = 0; n < length; n++)
        {
            for (var h = 0; h < heads; h++)
                score[n] += p[(h * all * all) + n + 1] / heads;
        }

        var count = Math.Max(1, (int)Math.Floor((length * ratio) + 0.5));
        count = length - count <= (fuse ? 1 : 0) ? length : count; // one token is not fused into one
        var kept = Enumerable.Range(0, length).OrderByDescending(n => score[n]).Take(count).Order().ToArray();
        var rows = new List<float[]> { x[..width] };
        rows.AddRange(kept.Select(n => x[((n + 1) * width)..((n + 2) * width)]));
        if (fuse && count < length)
        {
            var fused = new float[width];
            foreach (var n in Enumerable.Range(0, length).Except(kept))
            {
                for (var d = 0; d < width; d++)
                    fused[d] += (float)(score[n] * x[((n + 1) * width) + d]);
            }

            rows.Add(fused);
        }

        return rows;
    }
}

using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class ToMeTests
{
    /// <summary>Bipartite soft matching in loops over single numbers, against the policy; sizes are those of earlier merges.</summary>
    [Fact]
    public void Merges_as_the_paper_says() => Prop.ForAll(OneBlock.Blocks.ToArbitrary(), one =>
    {
        using var scope = NewDisposeScope();
        var context = WithSizes(OneBlock.Random(one.Seed, one.Lengths));
        var (tokens, _, _) = ToMe.Policy(one.Ratio).Reduce(context);
        for (var b = 0; b < 2; b++)
        {
            var (rows, sizes) = Plain(context, b, one.Lengths[b], one.Ratio);
            OneBlock.Same(rows, tokens.Rows(b));
            Assert.Equal(sizes, tokens.Size![b].Floats()[..rows.Count]);
        }

        return true;
    }).Check(OneBlock.Cases);

    [Fact]
    public void Sizes_and_their_moments_are_conserved() => Prop.ForAll(OneBlock.Blocks.ToArbitrary(), one =>
    {
        using var scope = NewDisposeScope();
        var context = WithSizes(OneBlock.Random(one.Seed, one.Lengths));
        var (tokens, _, _) = ToMe.Policy(one.Ratio).Reduce(context);
        var (before, after) = (context.Attended, tokens);
        Assert.Equal(before.Size!.sum(1).Floats(), after.Size!.sum(1).Floats());
        var moment = ((before.X * before.Size.unsqueeze(2)).sum(1) - (after.X * after.Size.unsqueeze(2)).sum(1)).abs().max();
        Assert.True(moment.item<float>() < 1e-3f);
        return true;
    }).Check(OneBlock.Cases);

    [Fact]
    public void At_most_half_of_the_tokens_go_and_padding_and_the_protected_take_no_part()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(3, [12, 7]);
        var end = zeros(2, 12, dtype: @bool);
        end[0, 11] = true;
        end[1, 6] = true;
        var (tokens, kept, _) = ToMe.Policy(0.01).Reduce(context with { Protected = end });
        Assert.Equal([7L, 4L], kept!.Keep.sum(1).data<long>().ToArray()); // 12 − 5: of the six that may go one is protected; 7 − 3
        Assert.Equal(context.Attended.X[0][12].Floats(), tokens.Rows(0)[^1]);
        Assert.Equal(context.Attended.X[1][7].Floats(), tokens.Rows(1)[^1]);
        var (_, destination) = ToMe.Match(ToMe.Metric(context.Keys), context.Mask, end);
        Assert.All(destination[1].data<long>().ToArray()[..7], place => Assert.True(place < 7));
    }

    [Fact]
    public void Attention_is_proportional_to_size()
    {
        using var scope = NewDisposeScope();
        var (tokens, _, _) = ToMe.Policy(0.6).Reduce(OneBlock.Random(3, [10]));
        var size = tokens.Size![0].Floats();
        var bias = tokens.AttentionBias()!.Floats();
        Assert.Contains(size, s => s > 1);
        Assert.All(size.Zip(bias), pair => Assert.Equal(Math.Log(pair.First), pair.Second, 1e-5));
    }

    [Fact]
    public void Every_token_is_taught_by_what_it_was_merged_into_and_the_keys_by_nothing()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(4, [10]);
        var x = context.Attended.X.detach().requires_grad_(true);
        var keys = context.Record.Keys.detach().requires_grad_(true);
        var (tokens, _, _) = ToMe.Policy(0.6).Reduce(context with { Attended = context.Attended with { X = x }, Record = context.Record with { Keys = keys } });
        tokens.X.pow(2).sum().backward();
        Assert.Equal(11, x.grad!.abs().sum(-1).ne(0).sum().item<long>());
        Assert.Null(keys.grad);
    }

    [Fact]
    public void A_reducer_of_matches_needs_a_scorer_that_matches()
    {
        using var scope = NewDisposeScope();
        var policy = Evit.Policy(0.5) with { Reducer = new MatchReducer() };
        Assert.Contains("BipartiteScorer", Assert.Throws<ArgumentException>(() => policy.Reduce(OneBlock.Random(1, [8]))).Message, StringComparison.Ordinal);
    }

    private static ReductionContext WithSizes(ReductionContext context)
    {
        var mask = context.Attended.Mask!;
        var sizes = randint(1, 5, mask.shape).to(float32) * mask;
        sizes[TensorIndex.Colon, 0] = 1;
        return context with { Attended = context.Attended with { Size = sizes } };
    }

    private static (List<float[]> Rows, float[] Sizes) Plain(ReductionContext context, int sample, int length, double ratio)
    {
        var x = Enumerable.Range(0, length + 1).Select(n => context.Attended.X[sample][n].Floats()).ToArray();
        var size = context.Attended.Size![sample].Floats();
        var keys = MeanKeys(context, sample, length + 1);

        // Positions in the whole sequence: the class token is 0, A the even and B the odd positions.
        var edges = new List<(double Similarity, int From, int To)>();
        for (var a = 2; a <= length; a += 2)
        {
            var best = (Similarity: double.NegativeInfinity, To: 0);
            for (var b = 1; b <= length; b += 2)
            {
                var cosine = Cosine(keys[a], keys[b]);
                best = cosine > best.Similarity ? (cosine, b) : best;
            }

            edges.Add((best.Similarity, a, best.To));
        }

        var goal = Math.Max(1, (int)Math.Floor((length * ratio) + 0.5));
        var strongest = edges.OrderByDescending(edge => edge.Similarity).Take(length - goal).ToArray();
        var rows = new List<float[]>();
        var sizes = new List<float>();
        for (var n = 0; n <= length; n++)
        {
            if (strongest.Any(edge => edge.From == n))
                continue;

            int[] group = [n, .. strongest.Where(edge => edge.To == n).Select(edge => edge.From)];
            var total = group.Sum(i => size[i]);
            rows.Add([.. Enumerable.Range(0, x[n].Length).Select(d => (float)(group.Sum(i => (double)size[i] * x[i][d]) / total))]);
            sizes.Add(total);
        }

        return (rows, [.. sizes]);
    }

    internal static double[][] MeanKeys(ReductionContext context, int sample, int count)
    {
        var (heads, width) = ((int)context.Record.Keys.shape[1], (int)context.Record.Keys.shape[3]);
        var perHead = Enumerable.Range(0, heads).Select(h => Enumerable.Range(0, count).Select(n => context.Record.Keys[sample][h][n].Floats()).ToArray()).ToArray();
        return [.. Enumerable.Range(0, count).Select(n => Enumerable.Range(0, width).Select(d => perHead.Average(head => (double)head[n][d])).ToArray())];
    }

    internal static double Cosine(double[] a, double[] b) =>
        a.Zip(b).Sum(pair => pair.First * pair.Second) / Math.Sqrt(a.Sum(v => v * v) * b.Sum(v => v * v));
}

using FsCheck.Fluent;
using FsCheck;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class CrossGetTests
{
    /// <summary>Cross-guided matching and ensemble in loops over single numbers, against the policy.</summary>
    [Fact]
    public void Matches_and_merges_as_described() => Prop.ForAll(OneBlock.Blocks.ToArbitrary(), one =>
    {
        using var scope = NewDisposeScope();
        var context = Aligned(OneBlock.Random(one.Seed, one.Lengths));
        var (tokens, _, _) = CrossGet.Policy(one.Ratio).Reduce(context);
        for (var b = 0; b < 2; b++)
            OneBlock.Same(Plain(context, b, one.Lengths[b], one.Ratio), tokens.Rows(b));

        return true;
    }).Check(OneBlock.Cases);

    [Fact]
    public void The_order_of_the_tokens_does_not_matter() => Prop.ForAll(OneBlock.Blocks.ToArbitrary(), one =>
    {
        using var scope = NewDisposeScope();
        var length = one.Lengths[0];
        var context = Aligned(OneBlock.Random(one.Seed, [length]));
        var shuffled = randperm(length, dtype: int64);
        var rows = cat([zeros(1, dtype: int64), shuffled + 1]);
        var other = context with
        {
            Attended = context.Attended with { X = context.Attended.X.index_select(1, rows) },
            Record = context.Record with { Keys = context.Record.Keys.index_select(2, rows) },
            AlignmentMaps = context.AlignmentMaps!.index_select(2, shuffled),
        };
        var policy = CrossGet.Policy(one.Ratio);
        float[][] Sorted(ReductionContext c) => [.. policy.Reduce(c).Tokens.Rows(0).OrderBy(row => row[0])];
        OneBlock.Same(Sorted(context), Sorted(other));
        return true;
    }).Check(OneBlock.Cases);

    [Fact]
    public void What_matters_to_the_other_modality_stays_and_weighs_more()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(2, [6]);
        var keys = ones_like(context.Record.Keys); // everything resembles everything
        var maps = tensor(new float[] { 0.02f, 0.9f, 0.02f, 0.02f, 0.02f, 0.02f }).view(1, 1, 6);
        var guided = context with { Record = context.Record with { Keys = keys }, AlignmentMaps = maps };
        var (_, kept, importance) = CrossGet.Policy(0.4).Reduce(guided);
        Assert.True(kept!.Keep[0, 1].item<bool>());
        var weight = importance.Match!.Weight![0].Floats();
        Assert.Equal(Math.E, weight[1], 1e-4);
        Assert.Equal(Math.Exp(0.02 / 0.9), weight[0], 1e-4);
    }

    [Fact]
    public void Of_two_that_match_each_other_one_stays()
    {
        using var scope = NewDisposeScope();
        // Cosines: tokens 0 and 1 are each other's best, 2 is best matched by 1.
        var affinity = tensor(new float[]
        {
            float.NegativeInfinity, 0.9f, 0.1f,
            0.9f, float.NegativeInfinity, 0.3f,
            0.1f, 0.3f, float.NegativeInfinity,
        }).view(1, 3, 3);
        Assert.Equal([0.9f, 0.3f, float.NegativeInfinity], CrossGet.BestEdge(affinity, zeros(1, 3))[0].Floats());
        Assert.Equal([0.1f, 0.9f, float.NegativeInfinity], CrossGet.BestEdge(affinity, tensor(new float[] { 1, 0, 0 }).view(1, 3))[0].Floats());
    }

    private static ReductionContext Aligned(ReductionContext context)
    {
        var scores = randn(context.Mask!.shape[0], 5, context.Candidates.Count).masked_fill(context.Mask.unsqueeze(1) == 0, -1e9);
        return context with { AlignmentMaps = scores.softmax(2) };
    }

    private static List<float[]> Plain(ReductionContext context, int sample, int length, double ratio)
    {
        var x = Enumerable.Range(1, length).Select(n => context.Attended.X[sample][n].Floats()).ToArray();
        var keys = ToMeTests.MeanKeys(context, sample, length + 1)[1..];
        var maps = Enumerable.Range(0, 5).Select(k => context.AlignmentMaps![sample][k].Floats()).ToArray();
        var claims = Enumerable.Range(0, length).Select(n => (double)maps.Max(map => map[n])).ToArray();
        var guidance = claims.Select(claim => claim / claims.Max()).ToArray();

        double BestAmong(int n, IEnumerable<int> others) => others.Where(o => o != n).Select(o => ToMeTests.Cosine(keys[n], keys[o])).DefaultIfEmpty(double.NegativeInfinity).Max();
        var all = Enumerable.Range(0, length).ToArray();
        var ranking = all.OrderByDescending(n => BestAmong(n, all)).ThenBy(n => guidance[n]).ToList();
        var score = all.Select(n => guidance[n] - BestAmong(n, ranking.Skip(ranking.IndexOf(n) + 1))).ToArray();
        var goal = Math.Max(length - (length / 2), (int)Math.Floor((length * ratio) + 0.5)); // at most half goes
        var kept = all.OrderByDescending(n => score[n]).Take(goal).ToHashSet();
        var goes = all.Where(n => !kept.Contains(n)).ToDictionary(n => n, n => kept.MaxBy(o => ToMeTests.Cosine(keys[n], keys[o])));

        var rows = new List<float[]> { context.Attended.X[sample][0].Floats() };
        foreach (var n in kept.Order())
        {
            int[] group = [n, .. goes.Where(pair => pair.Value == n).Select(pair => pair.Key)];
            var total = group.Sum(i => Math.Exp(guidance[i]));
            rows.Add([.. Enumerable.Range(0, x[n].Length).Select(d => (float)(group.Sum(i => Math.Exp(guidance[i]) * x[i][d]) / total))]);
        }

        return rows;
    }
}

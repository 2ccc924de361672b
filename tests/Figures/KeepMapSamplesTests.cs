using Madtp.Kit.Data.Toy;
using Madtp.Kit.Figures;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class KeepMapSamplesTests
{
    private static readonly double[] Temperatures = [1, 30];

    [Fact]
    public void Recorded_tokens_are_those_that_the_trace_counts()
    {
        var toy = ToyModels.Nlvr2.Load(0.5);
        var sample = KeepMapSamples.Toy(toy, "test1", [5], Temperatures)[0];
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 8);
        var batch = pairs.Batch([5]);
        for (var i = 0; i < Temperatures.Length; i++)
        {
            using var reduction = toy.Attach(Temperatures[i]);
            using var trace = reduction.Record(TraceDetail.Positions);
            toy.Model.Forward(batch);
            Same(trace.Of("visual_encoder"), sample.Runs[i].Left, 0, 1);
            Same(trace.Of("visual_encoder"), sample.Runs[i].Right, 1, 1);
            Same(trace.Of("text_encoder"), sample.Runs[i].Text, 0, 0);
        }

        Assert.True(sample.Runs[0].MacShare < sample.Runs[1].MacShare);
    }

    [Fact]
    public void Scores_sum_to_one_and_decide_who_stays()
    {
        var toy = ToyModels.Nlvr2.Load(0.5);
        var first = KeepMapSamples.Toy(toy, "test1", [2], Temperatures)[0].Runs[1].Left[0];
        Assert.Equal(Enumerable.Range(0, 64), first.Positions);
        Assert.All(new[] { first.Class!, first.Self!, first.Alignment! }, scores => Assert.Equal(1, scores.Sum(), 4));
        Assert.All(first.Total.Index(), one =>
            Assert.Equal((first.Class![one.Index] + first.Self![one.Index] + first.Alignment![one.Index]) / 3, one.Item, 5));
        Assert.Equal(first.Total.Select(score => score > first.Threshold), first.Kept);
    }

    [Fact]
    public void A_trace_without_scores_is_refused()
    {
        var toy = ToyModels.Nlvr2.Load(0.5);
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 4);
        using var reduction = toy.Attach();
        using var trace = reduction.Record(TraceDetail.Positions);
        var batch = pairs.Batch([0]);
        toy.Model.Forward(batch);
        Assert.Contains("TraceDetail.Tensors", Assert.Throws<ArgumentException>(() => KeepMapSamples.Layers(trace, "visual_encoder", 0, 1)).Message, StringComparison.Ordinal);
    }

    // The trace's positions after a block, less the class token, are the kept ones; −1 stands for merged tokens.
    private static void Same(IReadOnlyList<ReductionStep> steps, IReadOnlyList<KeepMapLayer> layers, int sequence, int first)
    {
        Assert.Equal(steps.Count, layers.Count);
        for (var block = 0; block < steps.Count; block++)
        {
            var kept = layers[block].Positions.Where((_, i) => layers[block].Kept[i]).ToArray();
            var expected = steps[block].Positions![sequence].Skip(1).Where(position => position >= 0).Select(position => (int)position - first);
            Assert.Equal(expected, kept.Where(position => position >= 0));
            var merged = kept.Count(position => position < 0) + (layers[block].Kept.Contains(false) ? 1 : 0);
            Assert.Equal(steps[block].Positions![sequence].Count(position => position < 0), merged);
        }
    }
}

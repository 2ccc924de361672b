using Madtp.Kit.Data.Toy;
using Madtp.Kit.Figures;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class KeepMapSamplesTests
{
    private static readonly double[] Temperatures = [1, 30];

    [Fact]
    public void Recorded_tokens_are_those_that_the_trace_counts()
    {
        var toy = ToyNlvr2.Load(0.5);
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
        var toy = ToyNlvr2.Load(0.5);
        var first = KeepMapSamples.Toy(toy, "test1", [2], Temperatures)[0].Runs[1].Left[0];
        Assert.Equal(Enumerable.Range(0, 64), first.Tokens.Select(token => token.Position));
        Assert.Equal(1, first.Tokens.Sum(token => token.Class!.Value), 4);
        Assert.Equal(1, first.Tokens.Sum(token => token.Self!.Value), 4);
        Assert.Equal(1, first.Tokens.Sum(token => token.Alignment!.Value), 4);
        Assert.All(first.Tokens, token => Assert.Equal((token.Class + token.Self + token.Alignment)!.Value / 3, token.Total, 5));
        Assert.All(first.Tokens, token => Assert.Equal(token.Kept, token.Total > first.Threshold));
    }

    [Fact]
    public void A_trace_without_scores_is_refused()
    {
        var toy = ToyNlvr2.Load(0.5);
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
            var expected = steps[block].Positions![sequence].Skip(1).Where(position => position >= 0).Select(position => (int)position - first);
            Assert.Equal(expected, layers[block].Tokens.Where(token => token is { Kept: true, Position: >= 0 }).Select(token => token.Position));
            var merged = layers[block].Tokens.Count(token => token is { Kept: true, Position: < 0 }) + (layers[block].Tokens.Any(token => !token.Kept) ? 1 : 0);
            Assert.Equal(steps[block].Positions![sequence].Count(position => position < 0), merged);
        }
    }
}

using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Tasks;

public class NlvrTokensTests
{
    private readonly ToyModel<BlipNlvr> toy = ToyModels.Nlvr2.Load(0.5);

    private PruningSetting Madtp => PruningMethod.Madtp.At(toy.Temperature!.Value);

    [Fact]
    public void Tokens_are_those_of_the_trace()
    {
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 8);
        var tokens = NlvrTokens.Of(toy.Model, pairs, Madtp, limit: 7, batchSize: 3);
        Assert.Equal(7, tokens.Count);
        using var scope = NewDisposeScope();
        using var off = inference_mode();
        using var reduction = toy.Attach();
        using var trace = reduction.Record(TraceDetail.Positions);
        var batch = pairs.Batch([4]);
        toy.Model.Forward(batch);
        foreach (var (left, steps, sample, first) in new[]
        {
            (tokens[4].Left, trace.Of("visual_encoder"), 0, 1),
            (tokens[4].Right, trace.Of("visual_encoder"), 1, 1),
            (tokens[4].Text, trace.Of("text_encoder"), 0, 0),
        })
        {
            Assert.True(left.Merges);
            Assert.Equal(steps.Select(step => step.TokensPerSample[sample]), left.Counts);
            Assert.Equal(
                steps.Select(step => step.Positions![sample].Where(position => position >= first).Select(position => (int)position - first).ToArray()),
                left.Positions.Select(positions => positions.ToArray()));
        }
    }

    [Fact]
    public void Shares_are_the_ledgers()
    {
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 4);
        var pair = NlvrTokens.Of(toy.Model, pairs, Madtp)[2];
        var whole = MacLedger.For(new NlvrCost(toy.Model.Config, pairs.TextLength(2)));
        var reduced = whole.WithTokens(new TokenCounts([pair.Left.Counts, pair.Right.Counts], pair.Text.Counts), ReductionPolicy.Fixed);
        Assert.Equal((double)reduced.Total(Accounting.Paper) / whole.Total(Accounting.Paper), pair.MacShare, 12);
        Assert.Equal((double)reduced.Total(Accounting.Deploy) / whole.Total(Accounting.Deploy), pair.DeployShare, 12);
    }

    [Fact]
    public void A_setting_is_scored_as_an_attached_reduction_is()
    {
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 20);
        var scored = NlvrTask.Evaluate(toy.Model, pairs, "test1", Madtp, new Scoring { Limit = 12 });
        using var reduction = toy.Attach();
        var expected = NlvrTask.Evaluate(toy.Model, pairs, "test1", reduction, new Scoring { Limit = 12 });
        Assert.Equal((12, expected.Accuracy), (scored.Examples, scored.Accuracy));

        // One gathers features and so maps the tokens first (V' Eᵀ), the other multiplies V (E W)ᵀ: rounding may move a token.
        Assert.Equal(expected.Macs, scored.Macs, 0.002 * expected.Macs);
    }

    [Fact]
    public void Static_pruning_drops_and_merges_nothing()
    {
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 4);
        var stp = PruningMethod.ByKeepRatio("STP", keep => StaticPruning.Policy(keep)).At(0.7);
        var left = NlvrTokens.Of(toy.Model, pairs, stp)[0].Left;
        Assert.False(left.Merges);
        Assert.Equal(left.Counts.Select(count => count - 1), left.Positions.Select(positions => positions.Count)); // the class token is no patch
    }

    [Fact]
    public void A_trace_without_positions_is_refused()
    {
        using var scope = NewDisposeScope();
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 4);
        using var reduction = toy.Attach();
        using var trace = reduction.Record();
        var batch = pairs.Batch([0]);
        toy.Model.Forward(batch);
        Assert.Contains("TraceDetail.Positions", Assert.Throws<ArgumentException>(() => trace.Left("visual_encoder", 0, 1)).Message, StringComparison.Ordinal);
    }
}

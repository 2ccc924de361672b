using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

/// <summary>Shorter ways to a block's numbers give what the equations give: the map of eq. 1 within the learnable tokens, the threshold
/// of eq. 7 and 8 row by row, and S_self of eq. 5 with its gradient.</summary>
public sealed class ShorterWaysTests
{
    [Fact]
    public void Raw_scores_without_mapped_tokens_are_those_of_mapped_tokens()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var map = new AlignmentMap(width: 24, alignmentWidth: 16);
        var (tokens, learnable) = (randn(3, 40, 24), randn(5, 16));
        Same(AlignmentGuidance.RawScores(map.forward(tokens), learnable), AlignmentGuidance.RawScores(tokens, map, learnable));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, true)]
    [InlineData(300, true)]
    public void Thresholds_row_by_row_are_those_of_whole_maps(double temperature, bool padded)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var padding = padded ? AlignmentGuidance.Padding(rand(6, 37) <= 0.3) : null;
        var maps = AlignmentGuidance.AttentionMaps(randn(6, 37, 9), 16, padding);
        var importance = rand(6, 37);
        var whole = LearnableThreshold.SparsemaxThreshold(maps, importance.clone().requires_grad_(), temperature, padding);
        Assert.True(whole.requires_grad);
        Same(whole, LearnableThreshold.SparsemaxThreshold(maps, importance, temperature, padding));
    }

    /// <summary>Score, threshold, mask and shorter sequence, sample by sample and operator by operator.</summary>
    [Theory]
    [InlineData(ScoreParts.All, true, 0)]
    [InlineData(ScoreParts.All, false, 3)]
    [InlineData(ScoreParts.Class, true, 40)]
    [InlineData(ScoreParts.Self, true, 3)]
    [InlineData(ScoreParts.Class | ScoreParts.Self, true, 3)]
    [InlineData(ScoreParts.Alignment, true, 300)]
    public void A_block_in_one_pass_is_the_block_operator_by_operator(ScoreParts parts, bool normalizesClass, double temperature)
    {
        using var scope = NewDisposeScope();
        var policy = ReductionPolicy.Fixed with { Scorer = new ImportanceScorer { Parts = parts, NormalizeClass = normalizesClass } };
        foreach (var learnable in new[] { 5, 16, 37 }) // learnable tokens that fill no vector of 16, one, and some
        {
            var context = OneBlock.Random(learnable, [12, 7, 1, 0, 12]) with { Policy = policy, Temperature = temperature };
            var space = new Parameter(randn(learnable, 16));
            context = context with
            {
                Encoder = context.Encoder with { FindSpaceDict = () => space },
                RawAlignment = randn(5, context.Candidates.Count, learnable) * 9,
            };
            Assert.Null(OnePassScores.Of(context)); // gradients are recorded
            var importance = policy.Scorer.Score(context);
            var wanted = policy.Keep.Decide(importance, context);
            var kept = KeptRows.Of(wanted, importance.Total, context);
            var reduced = kept is null ? null : policy.Reducer.Reduce(importance, kept, context);

            using var off = inference_mode();
            var (atOnce, wantedAtOnce) = OnePassScores.Of(context)!.Value;
            Same(importance.Total, atOnce.Total);
            Same(importance.Alignment ?? zeros(1), atOnce.Alignment ?? zeros(1));
            Same(wanted.Thresholds![TensorIndex.Slice(0, 3)], wantedAtOnce.Thresholds![TensorIndex.Slice(0, 3)]);
            Assert.True(wanted.Keep.eq(wantedAtOnce.Keep).all().item<bool>());
            if (kept is not null)
                Same(reduced!.X, policy.Reducer.Reduce(atOnce, KeptRows.Of(wantedAtOnce, atOnce.Total, context)!, context).X);
        }
    }

    /// <summary>A scorer of one's own may count in float64, as its scores lie, and give +∞ to what must stay.</summary>
    [Fact]
    public void Any_scores_merge_alike_in_one_pass_and_by_operators()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(4, [12, 7, 12]);
        var scores = rand(context.Candidates.Count, 3, dtype: ScalarType.Float64).t(); // [B, N], not in order of memory
        scores[TensorIndex.Colon, 2] = double.PositiveInfinity;
        var importance = new ImportanceScores(scores);
        TokenState Merged() => new MergeReducer().Reduce(
            importance, KeptRows.Of(PruneMask.Above(scores, context, full([3, 1], 0.5)), scores, context)!, context);
        var apart = Merged().X;
        using var off = inference_mode();
        Assert.True(apart.isfinite().all().item<bool>());
        Same(apart, Merged().X);
    }

    /// <summary>Scorers that match tokens give +∞ to what must not be matched, padding too: it merges into nothing, and no mean of
    /// scores with it takes away what must stay.</summary>
    [Fact]
    public void Infinite_scores_of_padding_and_of_a_threshold_do_no_harm()
    {
        using var scope = NewDisposeScope();
        using var off = inference_mode();
        var context = OneBlock.Random(4, [12, 7, 12]);
        var importance = rand(3, 12).masked_fill(context.Mask!.eq(0), float.PositiveInfinity);
        importance[TensorIndex.Colon, 2] = float.PositiveInfinity;
        foreach (var threshold in new[] { 0.5f, float.PositiveInfinity, float.NaN })
        {
            var wanted = PruneMask.Above(importance, context, full([3, 1], threshold));
            var kept = KeptRows.Of(wanted, importance, context)!;
            Assert.True(kept.Keep[TensorIndex.Colon, 2].all().item<bool>());
            Assert.False(kept.Keep[1, 7..].any().item<bool>());
            var merged = new MergeReducer().Reduce(new ImportanceScores(importance), kept, context);
            Assert.True(merged.X.isfinite().all().item<bool>());
        }
    }

    /// <summary>One row of scores and of padding stands for all samples, as in operators.</summary>
    [Fact]
    public void Thresholds_of_scores_that_samples_share_are_those_of_operators()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var (maps, scores, padding) = (randn(3, 20, 9).softmax(2), rand(1, 9), zeros(1, 9));
        padding[0, 7] = -1e9;
        Tensor Thresholds() => LearnableThreshold.SparsemaxThreshold(maps, scores, 4, padding);
        var expected = Thresholds();
        using var off = no_grad();
        Same(expected, Thresholds());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Received_attention_and_its_gradient_are_the_maximum_s(bool candidatesOfTheirOwn)
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(3, [12, 7, 12]);
        if (candidatesOfTheirOwn)
        {
            var may = ones(3, 13, dtype: @bool);
            may[TensorIndex.Colon, TensorIndex.Slice(2, 4)] = false;
            var tokens = context.Attended with { Candidates = may };
            context = context with { Attended = tokens, Candidates = CandidateRows.Of(tokens, tokens.Mask) };
        }

        var weights = rand(3, context.Candidates.Count) * context.Mask!; // padding is masked later
        var (looked, ofLooked) = Run(each => TokenImportance.Self(each));
        var (whole, ofWhole) = Run(each => TokenImportance.Self(each.StrongestAttention, mask: each.Mask));
        Same(whole, looked);
        Same(ofWhole, ofLooked);
        Assert.True(ofLooked.count_nonzero().item<long>() > 0);

        (Tensor, Tensor) Run(Func<ReductionContext, Tensor> received)
        {
            var attention = context.Record.Probabilities.clone().requires_grad_();
            var value = received(context with
            {
                Record = new SelfAttentionRecord(context.Record.HeadOutput, context.Record.Keys) { Probabilities = attention },
            }) * weights;
            value.sum().backward();
            return (value.detach(), attention.grad!);
        }
    }

    private static void Same(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.shape, found.shape);
        Assert.InRange((expected - found).abs().max().item<float>(), 0, 2e-5f);
    }
}

using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class TokenReductionTests
{
    [Fact]
    public void Attaching_twice_is_refused()
    {
        var model = TinyModels.Nlvr();
        using var first = TokenReduction.Attach(model, ReductionPolicy.Fixed);
        var error = Assert.Throws<InvalidOperationException>(() => TokenReduction.Attach(model, ReductionPolicy.Paper));
        Assert.Contains("visual_encoder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_encoder_is_named()
    {
        var error = Assert.Throws<ArgumentException>(() => TokenReduction.Attach(TinyModels.Nlvr(), ReductionPolicy.Fixed, 1, "audio_encoder"));
        Assert.Contains("audio_encoder", error.Message, StringComparison.Ordinal);
        Assert.Contains("visual_encoder, text_encoder", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(3.0)]
    [InlineData(60.0)]
    public void Fixed_answers_a_sample_alone_as_in_any_batch(double temperature)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, temperature);
        var together = model.Forward(images, ids, mask).Logits;
        for (var i = 0; i < 3; i++)
        {
            var length = (int)mask[i].sum().item<float>();
            var pair = stack([images[i], images[3 + i]]);
            var alone = model.Forward(pair, ids[i].slice(0, 0, length, 1).unsqueeze(0), ones(1, length)).Logits;
            Assert.True((alone - together[i].unsqueeze(0)).abs().max().item<float>() < 1e-5f);
        }
    }

    [Fact]
    public void Released_answers_depend_on_batch_mates()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released, 4);
        using var trace = reduction.Record();
        model.Forward(images, ids, mask);
        var together = trace.Steps[0].TokensPerSample;
        Assert.Single(together.Distinct());
        trace.Clear();
        var own = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            trace.Clear();
            model.Forward(stack([images[i], images[i]]), ids[i].unsqueeze(0), mask[i].unsqueeze(0));
            own.Add(trace.Steps[0].TokensPerSample[0]);
        }

        Assert.True(own.Distinct().Count() > 1, "the samples of this seed should want different numbers of tokens");
    }

    /// <summary>Masks cost operators in every later layer: where all samples keep as many tokens there are none.</summary>
    [Fact]
    public void Samples_of_one_length_have_no_mask()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        using var reduction = TokenReduction.Attach(model, StaticPruning.Policy(1 - (4 / 36.0), 1 - (1 / 8.0)));
        var (images, ids, mask) = TinyModels.Batch(1, 9, 9);
        var same = model.Forward(images, ids, mask);
        Assert.Null(same.Vision.Mask);
        Assert.Null(same.Vision.Filled);
        Assert.Null(same.Text.Mask);
        Assert.Equal([6, 6], same.Text.TokensPerSample());
        var other = model.Forward(images, ids, TinyModels.Batch(1, 9, 7).Mask);
        Assert.Equal([6, 5], other.Text.TokensPerSample());
        Assert.Equal(5, other.Text.Mask![1].sum().item<float>());
    }

    [Fact]
    public void Static_pruning_removes_the_same_number_in_every_layer()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 12, 12);
        using var reduction = TokenReduction.Attach(model, StaticPruning.Policy(1 - (9 / 36.0), 1 - (2 / 11.0)));
        using var trace = reduction.Record();
        model.Forward(images, ids, mask);
        Assert.Equal([28, 19, 10], trace.Of("visual_encoder").Select(step => step.TokensPerSample[0]));
        Assert.Equal([10, 8, 6], trace.Of("text_encoder").Select(step => step.TokensPerSample[0]));
    }

    [Fact]
    public void Positions_name_the_kept_tokens_in_ascending_order()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 12, 6);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 10);
        using var trace = reduction.Record(TraceDetail.Positions);
        model.Forward(images, ids, mask);
        foreach (var step in trace.Steps)
        {
            for (var sample = 0; sample < step.Positions!.Count; sample++)
            {
                var original = step.Positions[sample].Where(position => position >= 0).ToArray();
                Assert.Equal(0, original[0]);
                Assert.Equal(original.Order(), original);
                Assert.Equal(step.TokensPerSample[sample], step.Positions[sample].Length);
            }
        }

        // What a layer keeps, the layer before it kept as well.
        foreach (var (before, after) in trace.Of("visual_encoder").Zip(trace.Of("visual_encoder").Skip(1)))
            Assert.All(after.Positions!.Zip(before.Positions!), pair => Assert.Subset(pair.Second.ToHashSet(), pair.First.ToHashSet()));
    }

    [Fact]
    public void Padding_changes_nothing_in_Fixed()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(6, 10, 10);
        var longer = cat([ids, zeros(2, 6, dtype: int64)], 1);
        var longerMask = cat([mask, zeros(2, 6)], 1);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 8);
        var short_ = model.Forward(images, ids, mask);
        var padded = model.Forward(images, longer, longerMask);
        Assert.True((short_.Logits - padded.Logits).abs().max().item<float>() < 1e-5f);
        Assert.True((AlignmentLoss.Of(short_.Aligned)! - AlignmentLoss.Of(padded.Aligned)!).abs().item<float>() < 1e-5f);
    }

    [Fact]
    public void The_learnable_tokens_learn_through_the_alignment_loss_and_the_merge_weights()
    {
        using var scope = NewDisposeScope();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(6, 10, 8);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 8);
        var output = model.Forward(images, ids, mask);
        (nn.functional.cross_entropy(output.Logits, tensor(new long[] { 0, 1 })) + AlignmentLoss.Of(output.Aligned)!).backward();
        var gradient = model.ReducibleEncoders[0].SpaceDict!.grad;
        Assert.NotNull(gradient);
        Assert.True(gradient.abs().sum().item<float>() > 0);
    }

    [Fact]
    public void The_floor_is_kept_however_hard_the_rule_prunes()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 12, 3);
        var policy = StaticPruning.Policy(0.01) with { MinKeep = 2 };
        using var reduction = TokenReduction.Attach(model, policy);
        using var trace = reduction.Record();
        var output = model.Forward(images, ids, mask);
        Assert.All(trace.Steps, step => Assert.All(step.TokensPerSample, tokens => Assert.Equal(3, tokens)));
        Assert.True(output.Logits.isfinite().all().item<bool>());
    }

    /// <summary>A keep rule of one's own that wants nothing but padding gets the tokens that must stay, and no padding.</summary>
    [Theory]
    [InlineData(BatchLayout.PerInstance)]
    [InlineData(BatchLayout.MaxKeep)]
    public void What_must_stay_stays_whatever_a_rule_of_ones_own_wants(BatchLayout layout)
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(seed: 3, [9, 6]);
        context = context with
        {
            Policy = context.Policy with { Layout = layout, KeepAllBelowFloor = false },
            Protected = tensor(new[] { 0, 0, 0, 1, 0, 0, 0, 0, 0 }, dtype: int64).ne(0).expand(2, -1),
        };
        var importance = rand(2, 9);
        importance[TensorIndex.Colon, 1] = float.PositiveInfinity;
        PruneMask[] wanted =
        [
            new(context.Mask!.eq(0)), PruneMask.Above(importance, context, ones(2, 1)) with { Keep = context.Mask.eq(0) },
        ];
        foreach (var kept in wanted.Select(own => KeptRows.Of(own, importance, context)!.Keep))
        {
            Assert.All(new[] { 1, 3 }, token => Assert.True(kept[TensorIndex.Colon, token].all().item<bool>()));
            Assert.False(kept[1, 6..].any().item<bool>());
        }
    }

    [Fact]
    public void A_mean_number_is_no_smaller_than_what_must_stay()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(seed: 3, [12, 12]);
        context = context with { Policy = context.Policy with { Layout = BatchLayout.MeanKeep } };
        var importance = rand(2, 12);
        importance[0, TensorIndex.Slice(0, 8)] = float.PositiveInfinity;
        var kept = KeptRows.Of(new PruneMask(importance.eq(float.PositiveInfinity)), importance, context)!;
        Assert.True(kept.Keep[0, ..8].all().item<bool>());
    }

    // The second sample keeps nothing of its own: the floor is for it alone.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_floor_is_for_the_samples_that_fall_below_it(bool keepsAll)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var context = OneBlock.Random(5, [12, 12]);
        var policy = ReductionPolicy.Fixed with { Scorer = new ImportanceScorer { Parts = ScoreParts.Self }, MinKeep = 3, KeepAllBelowFloor = keepsAll };
        var importance = policy.Scorer.Score(context with { Policy = policy });
        var least = importance.Total.argsort(1).slice(1, 0, 5, 1); // the first sample keeps the five that matter least
        var wanted = zeros(2, 12, dtype: ScalarType.Bool).scatter(1, least, tensor(new[,] { { true }, { false } }).expand(2, 5));
        var kept = KeptRows.Of(new PruneMask(wanted), importance.Total, context with { Policy = policy })!;
        Assert.Equal([5, keepsAll ? 12 : 3], kept.Keep.sum(1).data<long>().ToArray());
    }

    [Fact]
    public void A_trace_that_was_disposed_ends_no_other()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 5);
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        var first = reduction.Record();
        first.Dispose();
        using var second = reduction.Record();
        first.Dispose();
        model.Forward(images, ids, mask);
        Assert.NotEmpty(second.Steps);
    }

    [Fact]
    public void A_reduction_that_was_disposed_detaches_no_other()
    {
        using var model = TinyModels.Nlvr();
        var first = TokenReduction.Attach(model, ReductionPolicy.Fixed);
        first.Dispose();
        using var second = TokenReduction.Attach(model, ReductionPolicy.Paper);
        first.Dispose();
        Assert.All(model.ReducibleEncoders.SelectMany(encoder => encoder.Blocks), block => Assert.NotNull(block.Reducer));
    }

    [Fact]
    public void Padding_gives_no_importance()
    {
        using var scope = NewDisposeScope();
        var strongest = rand(2, 5, 5);
        var mask = tensor(new float[] { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 }, [2, 5]);
        Assert.Equal(strongest[1].slice(0, 0, 3, 1).sum([0]).Floats(), TokenImportance.Self(strongest, sum: true, mask)[1].Floats());
    }

    [Fact]
    public void Where_padding_counts_a_traces_positions_have_it_too()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released, 4);
        using var trace = reduction.Record(TraceDetail.Positions);
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        model.Forward(images, ids, mask);
        Assert.All(trace.Steps, step => Assert.Equal(step.TokensPerSample, step.Positions!.Select(positions => positions.Length)));
    }

    [Fact]
    public void Scores_of_other_rows_than_the_candidates_are_refused()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 12, 3);
        using var reduction = TokenReduction.Attach(model, StaticPruning.Policy(0.5) with { Scorer = new OfAllRows() });
        var error = Assert.Throws<InvalidOperationException>(() => model.Forward(images, ids, mask));
        Assert.Matches(@"OfAllRows.* must have shape \[\d+, (\d+)\], .* not \[\d+, \d+\]", error.Message);
    }

    private sealed record OfAllRows : ITokenScorer
    {
        public ImportanceScores Score(ReductionContext context) => new(context.Attended.X.norm(-1));

        public PartCost Cost(LayerShape layer) => default;
    }
}

using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Madtp.Kit.Tests.Tasks;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

/// <summary>What every rival has to hold to, attached to a whole model.</summary>
public class RivalsTests
{
    public static TheoryData<string> Names => RivalPolicies.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_training_step_of_the_toy_model_learns_from_a_batch_with_padding(string name)
    {
        using var scope = NewDisposeScope();
        var model = Toys.NewNlvr2(seed: 1);
        model.train();
        manual_seed(2);
        var images = randn(6, 3, 64, 64);
        var mask = ones(3, 14);
        mask[1, TensorIndex.Slice(6, 14)] = 0;
        mask[2, TensorIndex.Slice(3, 14)] = 0;
        var ids = randint(5, 20, [3, 14], dtype: int64) * mask.to(int64);
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](0.7));
        using var trace = reduction.Record();
        var output = model.Forward(images, ids, mask);
        (nn.functional.cross_entropy(output.Logits, tensor(new long[] { 0, 1, 1 })) + AlignmentLoss.Of(output.Aligned)!).backward();
        Assert.All(model.parameters().Where(parameter => parameter.grad is not null), parameter => Assert.True(parameter.grad!.isfinite().all().item<bool>()));
        var first = model.state_dict().Keys.First(key => key.Contains("patch_embed", StringComparison.Ordinal) && key.EndsWith("weight", StringComparison.Ordinal));
        Assert.True(model.named_parameters().First(p => p.name == first).parameter.grad!.abs().sum().item<float>() > 0);
        Assert.All(trace.Of("visual_encoder"), step => Assert.All(step.TokensPerSample, tokens => Assert.InRange(tokens, 2, 64)));
        Assert.True(trace.Of("text_encoder")[^1].TokensPerSample[0] < 14);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_of_blocks_that_run_twice_are_the_same(string name)
    {
        using var scope = NewDisposeScope();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](0.7));
        float[][] Gradients(bool checkpointing)
        {
            IRecomputing.Set(model, checkpointing);
            model.zero_grad();
            var output = model.Forward(images, ids, mask);
            (nn.functional.cross_entropy(output.Logits, tensor(new long[] { 0, 1, 1 })) + AlignmentLoss.Of(output.Aligned)!).backward();
            return [.. model.parameters().Select(parameter => parameter.grad?.Floats() ?? [])];
        }

        Assert.All(Gradients(false).Zip(Gradients(true)), pair => WithinRounding.Equal(pair.First, pair.Second));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Detaching_gives_the_plain_model_back_to_the_bit(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(1, 9, 7);
        var plain = model.Forward(images, ids, mask).Logits.Floats();
        using (TokenReduction.Attach(model, RivalPolicies.All[name](0.6)))
            Assert.NotEqual(plain, model.Forward(images, ids, mask).Logits.Floats());

        Assert.Equal(plain, model.Forward(images, ids, mask).Logits.Floats());
        Assert.All(model.ReducibleEncoders.SelectMany(encoder => encoder.Blocks), block => Assert.Null(block.Reducer));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Keeping_everything_is_the_plain_model(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(1, 9, 7);
        var plain = model.Forward(images, ids, mask).Logits;
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](1));
        Assert.True((plain - model.Forward(images, ids, mask).Logits).abs().max().item<float>() < 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Counts_are_those_of_the_sample_alone_and_padding_never_counts(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](0.7));
        using var trace = reduction.Record(TraceDetail.Positions);
        model.Forward(images, ids, mask);
        var together = trace.Of("text_encoder").ToArray();
        int[] lengths = [12, 5, 8];
        for (var i = 0; i < 3; i++)
        {
            trace.Clear();
            model.Forward(stack([images[i], images[3 + i]]), ids[i].slice(0, 0, lengths[i], 1).unsqueeze(0), ones(1, lengths[i]));
            Assert.Equal(trace.Of("text_encoder").Select(step => step.TokensPerSample[0]), together.Select(step => step.TokensPerSample[i]));
            Assert.All(together, step => Assert.All(step.Positions![i], position => Assert.True(position < lengths[i])));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_smaller_ratio_never_costs_more(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        var before = double.MaxValue;
        var distinct = new HashSet<double>();
        for (var ratio = 0.975; ratio > 0.3; ratio -= 0.025)
        {
            var policy = RivalPolicies.All[name](ratio);
            using var attached = TokenReduction.Attach(model, policy);
            using var trace = attached.Record();
            model.Forward(images, ids, mask);
            var cost = RunCosts.Of(model).PerPair(trace, [12, 5, 8]).Average();
            Assert.True(cost <= before, $"{cost} at {ratio}, {before} before");
            before = cost;
            distinct.Add(cost);
        }

        Assert.True(distinct.Count > 15, $"only {distinct.Count} budgets can be met");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Clip_keeps_the_end_of_every_text(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](0.6));
        using var trace = reduction.Record(TraceDetail.Positions);
        int[] lengths = [6, 14, 4];
        var output = model.Forward(TinyClip.Images(3), TinyClip.Texts(1, lengths));
        Assert.True(output.Logits.isfinite().all().item<bool>());
        Assert.All(trace.Of("transformer"), step => Assert.All(step.Positions!.Zip(lengths), pair =>
        {
            Assert.Contains(pair.Second - 1L, pair.First);
            Assert.DoesNotContain(pair.First, position => position >= pair.Second);
        }));
        Assert.True(trace.Of("transformer")[^1].TokensPerSample[1] < 14);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_without_alignment_guidance_can_be_reduced(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        manual_seed(3);
        var model = new Kit.Models.BlipNlvr(TinyModels.Config with { Alignment = null });
        model.eval();
        var (images, ids, mask) = TinyModels.Batch(1, 9, 7);
        using var reduction = TokenReduction.Attach(model, RivalPolicies.All[name](0.6));
        Assert.True(model.Forward(images, ids, mask).Logits.isfinite().all().item<bool>());
    }
}

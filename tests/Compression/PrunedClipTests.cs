using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models.Clip;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedClipTests() : PrunedModelTests<ClipModel, ClipConfig>(PrunableFamilies.Clip, TinyClip.Config)
{
    protected override Tensor Answers(ClipModel model)
    {
        var output = model.Forward(PrunedModels.Images(3), Texts());
        return cat([output.Image.Feature.flatten(), output.Text.Feature.flatten(), output.Logits.flatten()], 0);
    }

    protected override IPairCosts Costs(ClipConfig config) => new ClipPairCosts(config);

    protected override MacLedger Ledger(ClipConfig config, int textTokens) => MacLedger.For(ClipPairCosts.Model(config, textTokens));

    [Fact]
    public void Momentum_copies_begin_again_and_queues_stay()
    {
        using var model = Model(4);
        using var smaller = Smaller(model, 4);
        MomentumCopies.AreFresh(model, smaller);
        using var scope = NewDisposeScope();
        var losses = smaller.TrainingStep(PrunedModels.Images(3), Texts(), tensor([1L, 2L, 3L]), distillation: 0.4);
        losses.Task.backward();
        Assert.True(double.IsFinite(losses.Task.item<float>()));
    }

    [Fact]
    public void A_reduction_takes_the_same_tokens_out_of_both()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(8);
        using var pruning = ParameterPruning.Attach(model);
        PrunedModels.Mask(pruning, 8);
        using var smaller = ModelExtraction.Extract(PrunableFamilies.Clip, model, pruning);
        var (masked, maskedTokens) = Reduced(model);
        var (cut, cutTokens) = Reduced(smaller);
        Assert.Equal(maskedTokens, cutTokens);
        Assert.InRange(PrunedModels.Difference(masked, cut), 0, 1e-4f * (1 + masked.abs().max().item<float>()));
    }

    [Fact]
    public void Clip_has_no_decoder()
    {
        Assert.Throws<ArgumentException>(() => TinyClip.Config.Widths(ModelTower.Decoder));
        Assert.Throws<ArgumentException>(() => TinyClip.Config.WithWidths(ModelTower.Decoder, null));
    }

    private (Tensor Answers, int[] Tokens) Reduced(ClipModel model)
    {
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 20);
        using var trace = reduction.Record();
        return (Answers(model), [.. trace.Steps.SelectMany(step => step.TokensPerSample)]);
    }

    private static Tensor Texts()
    {
        var (ids, mask) = PrunedModels.Texts(TinyClip.Start, 9, 5, 12);
        return ids.scatter(1, mask.sum(1, keepdim: true).to(int64) - 1, full([3, 1], TinyClip.End, dtype: int64));
    }
}

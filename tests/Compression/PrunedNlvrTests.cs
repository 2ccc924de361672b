using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedNlvrTests() : PrunedModelTests<BlipNlvr>(() => new BlipNlvr(TinyModels.Config), new NlvrCost(TinyModels.Config))
{
    protected override Tensor Answers(BlipNlvr model)
    {
        var (ids, mask) = PrunedModels.Texts(first: 3, 7, 4, 9);
        return model.Forward(PrunedModels.Images(6), ids, mask).Logits.flatten();
    }

    [Fact]
    public void Masks_of_ones_change_nothing_and_detaching_gives_the_plain_model_back()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(2);
        var (names, before) = (model.state_dict().Keys.ToArray(), Answers(model));
        using (var pruning = ParameterPruning.Attach(model))
        {
            Assert.Equal(0, PrunedModels.Difference(before, Answers(model)));
            Assert.Equal(names, model.state_dict().Keys);
            Assert.Throws<InvalidOperationException>(() => ParameterPruning.Attach(model));
        }

        using var again = ParameterPruning.Attach(model);
    }

    // Two images of 37 tokens and a text of 9.
    [Fact]
    public void The_ledger_counts_attention_by_the_width_that_is_left()
    {
        using var model = Model(3);
        using var smaller = Smaller(model, 3);
        var widths = PrunableWidth.InnerWidths(smaller);
        var ledger = MacLedger.For(new NlvrCost(smaller.Config, TextTokens: 9) { Widths = widths });
        long Macs(string module) => ledger.Rows.Single(row => row.Module == module).Paper;
        Assert.Equal(9L * 37 * widths["text_encoder.encoder.layer.1.crossattention.self1"], Macs("text_encoder.encoder.layer.1.crossattention.self1.scores"));
        Assert.Equal(2L * 37 * 37 * widths["visual_encoder.blocks.2.attn"], Macs("visual_encoder.blocks.2.attn.context"));
    }

    [Fact]
    public void A_smaller_model_can_be_cut_again()
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(4);
        using var smaller = Smaller(model, 41);
        using var pruning = ParameterPruning.Attach(smaller);
        PrunedModels.Mask(pruning, 42);
        using var smallest = ModelExtraction.Extract(smaller, pruning);
        Assert.InRange(PrunedModels.Difference(Answers(smaller), Answers(smallest)), 0, 1e-5f);
        Assert.True(RunCosts.Of(smallest).Whole(9) < RunCosts.Of(smaller).Whole(9));
        Assert.Equal(RunCosts.Of(model).Dense(9), RunCosts.Of(smallest).Dense(9));
    }

    [Fact]
    public void A_mask_of_zeros_is_refused_by_name()
    {
        using var model = Model(9);
        using var pruning = ParameterPruning.Attach(model);
        var mask = pruning["text_encoder.encoder.layer.1.crossattention.self1"];
        mask.Set(new float[mask.Units]);
        var error = Assert.Throws<ArgumentException>(() => ModelExtraction.Extract(model, pruning));
        Assert.Contains("layer.1.crossattention.self1", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => mask.Set([1]));
        Assert.Throws<ArgumentException>(() => pruning["nothing"]);
    }

    [Fact]
    public void Every_width_of_both_modalities_is_masked()
    {
        using var model = Model(9);
        var widths = PrunableWidth.Of(model);
        Assert.Equal((3 * 2) + (3 * 4), widths.Count);
        Assert.Equal(6, widths.Count(width => width.Name.Contains("crossattention", StringComparison.Ordinal)));
        Assert.Equal(6, widths.Count(width => width.IsFeedForward));
    }
}

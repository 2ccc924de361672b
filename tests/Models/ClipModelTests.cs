using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class ClipModelTests
{
    private static readonly double[] Inputs = [-3, -0.5, 0, 0.25, 2];

    [Fact]
    public void QuickGelu_is_x_times_the_logistic_of_1_702_x()
    {
        using var scope = NewDisposeScope();
        var actual = Products.QuickGelu(tensor(Inputs)).data<double>().ToArray();
        Assert.All(Inputs.Zip(actual), pair => Assert.Equal(pair.First / (1 + Math.Exp(-1.702 * pair.First)), pair.Second, 12));
    }

    [Fact]
    public void Logits_are_scaled_cosines()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var output = model.Forward(TinyClip.Images(2), TinyClip.Texts(1, 6, 9, 4));
        Assert.Equal([2, 3], output.Logits.shape);
        var (image, text) = (output.Image.Feature[1], output.Text.Feature[2]);
        var cosine = (image * text).sum() / (image.norm() * text.norm());
        Assert.Equal(cosine.item<float>() / 0.07, output.Logits[1, 2].item<float>(), 3);
    }

    [Fact]
    public void A_text_is_read_up_to_its_end_alone()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var ids = TinyClip.Texts(2, 7);
        var changed = ids.clone();
        changed[0, TensorIndex.Slice(7, 20)] = 11;
        var feature = model.EncodeTexts(ids).Feature;
        Same(feature, model.EncodeTexts(changed).Feature);
        Same(feature, model.EncodeTexts(ids.slice(1, 0, 7, 1)).Feature);
        changed[0, 3] = 12;
        Assert.True((feature - model.EncodeTexts(changed).Feature).abs().max().item<float>() > 1e-3f);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(3.0)]
    [InlineData(60.0)]
    public void Fixed_answers_a_sample_alone_as_in_any_batch(double temperature)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        int[] lengths = [14, 5, 19, 8];
        var (images, ids) = (TinyClip.Images(4), TinyClip.Texts(3, lengths));
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, temperature);
        var together = model.Forward(images, ids);
        for (var i = 0; i < 4; i++)
        {
            var alone = model.Forward(images[i].unsqueeze(0), ids[i].slice(0, 0, lengths[i], 1).unsqueeze(0));
            Same(together.Image.Feature[i], alone.Image.Feature[0]);
            Same(together.Text.Feature[i], alone.Text.Feature[0]);
            Same(together.Text.Tokens.AlignmentFeature![i], alone.Text.Tokens.AlignmentFeature![0]);
        }
    }

    // Other samples' numbers of tokens make rows of padding, which are none that an end of text may read.
    [Fact]
    public void Where_padding_counts_a_text_of_one_length_is_read_alone_as_in_any_batch()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var ids = TinyClip.Texts(3, 14, 5, 19, 8);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed with { ExcludePadding = false }, 3);
        var together = model.EncodeTexts(ids);
        Assert.NotNull(together.Tokens.Filled);
        for (var i = 0; i < 4; i++)
            Same(together.Feature[i], model.EncodeTexts(ids[i].unsqueeze(0)).Feature[0]);
    }

    [Fact]
    public void Padding_is_told_apart_where_only_later_blocks_reduce()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var text = ((IReducibleModel)model).ReducibleEncoders.First(encoder => encoder.Modality == Modality.Text);
        using var reduction = TokenReduction.Attach([text with { Blocks = [.. text.Blocks.Skip(1)] }], ReductionPolicy.Fixed, 3);
        var ids = TinyClip.Texts(3, 7, 19);
        Same(model.EncodeTexts(ids).Feature[0], model.EncodeTexts(ids.slice(0, 0, 1, 1).slice(1, 0, 7, 1)).Feature[0]);
    }

    [Fact]
    public void Fixed_keeps_the_end_of_text_and_follows_it()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        int[] lengths = [14, 5, 19];
        using var reduction = TokenReduction.Attach(model, StaticPruning.Policy(1, 0.8) with { Reducer = new MergeReducer() }, 1, "transformer");
        using var trace = reduction.Record(TraceDetail.Positions);
        var output = model.EncodeTexts(TinyClip.Texts(3, lengths));
        Assert.True(trace.Steps[^1].TokensPerSample[2] < 19, "nothing was pruned");
        for (var i = 0; i < lengths.Length; i++)
        {
            Assert.All(trace.Steps, step => Assert.Contains(lengths[i] - 1L, step.Positions![i]));
            var row = output.Tokens.EndOfText![i].item<long>();
            Assert.Equal(lengths[i] - 1L, output.Tokens.Position![i, row].item<long>());
        }
    }

    [Fact]
    public void An_end_of_text_that_is_gone_is_said_to_be()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        using var reduction = TokenReduction.Attach(model, StaticPruning.Policy(1, 2 / 3.0) with { ProtectEndOfText = false }, 1, "transformer");
        var error = Assert.Throws<InvalidOperationException>(() => model.EncodeTexts(TinyClip.Texts(3, 16)));
        Assert.Contains("ProtectEndOfText", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Released_keeps_one_patch_of_an_image()
    {
        using var model = TinyClip.Model();
        Assert.Equal(1, ((IReducibleModel)model).ReducibleEncoders.First(encoder => encoder.Modality == Modality.Image).ReleasedFloor);
    }

    [Fact]
    public void What_Fixed_merged_still_reaches_the_feature()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var ids = TinyClip.Texts(3, 16);
        var policy = StaticPruning.Policy(1, 2 / 3.0);
        Tensor Feature(ReductionPolicy one)
        {
            using var reduction = TokenReduction.Attach(model, one, 1, "transformer");
            return model.EncodeTexts(ids).Feature;
        }

        Assert.True((Feature(policy) - Feature(policy with { Reducer = new MergeReducer() })).abs().max().item<float>() > 1e-4f);
    }

    [Fact]
    public void Released_refuses_to_prune_a_text_below_its_batchs_longest()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released, 50);
        using var trace = reduction.Record();
        model.EncodeTexts(TinyClip.Texts(4, 5, 16));
        Assert.All(trace.Steps, step => Assert.True(step.Length > 16 + 1, $"{step.Length} tokens left"));
    }

    [Fact]
    public void Disposing_gives_the_plain_model_back()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        var (images, ids) = (TinyClip.Images(2), TinyClip.Texts(1, 6, 9));
        var plain = model.Forward(images, ids).Logits;
        using (var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 5))
            Assert.True(model.Forward(images, ids).Image.Tokens.Length < 37);

        Assert.Equal(plain.data<float>().ToArray(), model.Forward(images, ids).Logits.data<float>().ToArray());
    }

    [Fact]
    public void Wrong_shapes_are_named()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Model();
        var image = Assert.Throws<ArgumentException>(() => model.EncodeImages(zeros(2, 3, 20, 24)));
        Assert.Contains("[2, 3, 20, 24]", image.Message, StringComparison.Ordinal);
        var text = Assert.Throws<ArgumentException>(() => model.EncodeTexts(zeros(2, 21, dtype: int64)));
        Assert.Contains("longer than the 20 positions", text.Message, StringComparison.Ordinal);
    }

    internal static void Same(Tensor expected, Tensor actual, float within = 2e-5f) =>
        Assert.True((expected - actual).abs().max().item<float>() < within, $"differs by {(expected - actual).abs().max().item<float>()}");
}

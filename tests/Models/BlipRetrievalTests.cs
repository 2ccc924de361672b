using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class BlipRetrievalTests
{
    private static readonly BlipConfig Config = TinyModels.Config with
    {
        EmbedWidth = 6,
        EncodeId = 4,
        Contrastive = new ContrastiveConfig { QueueSize = 8 },
    };

    [Fact]
    public void A_pair_alone_scores_as_in_any_batch_in_Fixed()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        int[] lengths = [12, 5, 8];
        var (images, ids, mask) = Pairs(4, lengths);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 4);
        var encoded = model.EncodeImages(images);
        var together = model.Match(ImageContext.Of(encoded.Tokens), ids, mask);
        for (var i = 0; i < 3; i++)
        {
            var own = ids[i].slice(0, 0, lengths[i], 1).unsqueeze(0);
            var image = model.EncodeImages(images[i].unsqueeze(0));
            Same(encoded.Feature[i], image.Feature[0]);
            Same(together[i], model.Match(ImageContext.Of(image.Tokens), own, ones(1, lengths[i]))[0]);
        }
    }

    [Fact]
    public void A_text_of_which_nothing_is_merged_is_read_as_without_a_reduction()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (_, ids, mask) = Pairs(4, 12, 3);
        var plain = model.EncodeTexts(ids, mask).Feature;
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Paper with { MinKeep = 5 }, 40, "text_encoder");
        var reduced = model.EncodeTexts(ids, mask);
        Assert.True(reduced.Tokens.Length < 12, "nothing was pruned");
        Same(plain[1], reduced.Feature[1]);
    }

    [Fact]
    public void Keys_and_values_projected_ahead_change_nothing()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Pairs(4, 12, 5, 8);
        var tokens = model.EncodeImages(images.slice(0, 0, 1, 1)).Tokens.X;
        var shared = model.Match(model.TextEncoder.Project(new ImageContext(tokens)), ids, mask);
        Same(model.Match(new ImageContext(tokens.expand(3, -1, -1)), ids, mask), shared);
    }

    [Fact]
    public void The_first_token_is_replaced_where_text_reads_an_image_and_only_there()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Pairs(4, 9, 9);
        var other = ids.clone();
        other[TensorIndex.Colon, 0] = 17;
        var context = ImageContext.Of(model.EncodeImages(images).Tokens);
        Same(model.Match(context, ids, mask), model.Match(context, other, mask));
        Assert.True((model.EncodeTexts(ids, mask).Feature - model.EncodeTexts(other, mask).Feature).abs().max().item<float>() > 1e-3f);
    }

    [Fact]
    public void A_step_teaches_the_encoders_and_heads_and_fills_the_queues()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (images, ids, mask) = Pairs(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 4);
        using var generator = new Generator(2);
        var losses = model.TrainingStep(images, ids, mask, tensor(new long[] { 3, 4, 3 }), 0.4, generator);
        (losses.Task + AlignmentLoss.Of(losses.Aligned)!).backward();
        Assert.All(model.named_parameters(), entry => Assert.Equal(!IsCopy(entry.name), entry.parameter.grad is not null));
        Assert.Equal([3, 4, 3, -100, -100, -100, -100, -100], model.Queues.Index.data<long>().ToArray());
        Assert.Equal(3, model.Queues.Pointer.item<long>());
        Assert.InRange(AlignmentLoss.Of(losses.MomentumAligned)!.item<float>(), 0, 2);
    }

    [Fact]
    public void Nothing_is_aligned_without_a_reduction()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Pairs(4, 6, 6);
        var losses = model.TrainingStep(images, ids, mask, tensor(new long[] { 3, 4 }), 0.4);
        Assert.Null(AlignmentLoss.Of(losses.Aligned));
        Assert.Null(AlignmentLoss.Of(losses.MomentumAligned));
    }

    [Theory]
    [InlineData(0.9f, 0.5f)]
    [InlineData(1e-5f, 0.001f)]
    public void A_step_keeps_the_temperature_within_its_limits(float given, float kept)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        var (images, ids, mask) = Pairs(4, 6, 6);
        model.state_dict()["temp"].fill_(given);
        model.TrainingStep(images, ids, mask, tensor(new long[] { 3, 4 }), 0.4);
        Assert.Equal(kept, model.state_dict()["temp"].item<float>(), 1e-6f);
    }

    internal static BlipRetrieval Model(int seed = 3)
    {
        manual_seed(seed);
        var model = new BlipRetrieval(Config);
        model.eval();
        return model;
    }

    internal static (Tensor Images, Tensor Ids, Tensor Mask) Pairs(int seed, params int[] lengths)
    {
        var (images, ids, mask) = TinyModels.Batch(seed, lengths);
        return (images.slice(0, 0, lengths.Length, 1), ids, mask);
    }

    internal static void Same(Tensor expected, Tensor actual, float within = 2e-5f) =>
        Assert.True((expected - actual).abs().max().item<float>() < within, $"differs by {(expected - actual).abs().max().item<float>()}");

    private static bool IsCopy(string name) => name.Split('.')[0].EndsWith("_m", StringComparison.Ordinal);
}

using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class ClipTrainingTests
{
    [Fact]
    public void Copies_start_equal_and_move_by_the_momentum()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Model();
        var state = model.state_dict();
        Assert.All(CopyNames(state), name => Assert.True(state[name].Equals(state[Original(name)]), name));
        using (no_grad())
            Assert.All(CopyNames(state), name => state[Original(name)].add_(1));

        var before = CopyNames(state).ToDictionary(name => name, name => state[name].clone());
        model.TrainingStep(TinyClip.Images(2), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }), 0.4);
        Assert.All(before, copy => ClipModelTests.Same(copy.Value + 0.005, state[copy.Key]));
    }

    [Fact]
    public void Gradients_reach_what_learns_and_never_the_copies()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Model();
        model.TrainingStep(TinyClip.Images(2), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }), 0.4).Task.backward();
        foreach (var (name, parameter) in model.named_parameters())
        {
            var learns = !IsCopy(name) && !name.Contains("query_model", StringComparison.Ordinal) && name != "space_dict";
            Assert.Equal(learns, parameter.grad is not null);
            Assert.Equal(!IsCopy(name), parameter.requires_grad);
        }
    }

    [Fact]
    public void The_queues_are_written_around_a_ring()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        for (var step = 0; step < 3; step++)
            model.TrainingStep(TinyClip.Images(3, step), TinyClip.Texts(step, 6, 9, 4), arange(3, dtype: int64) + (3 * step), 0);

        Assert.Equal([7, 8, 2, 3, 4, 5, 6], model.Queues.Index.data<long>().ToArray());
        Assert.Equal(2, model.Queues.Pointer.item<long>());
        ClipModelTests.Same(ones(7), model.Queues.Image.norm(0));
    }

    [Fact]
    public void Fixed_queues_the_copies_features_and_Released_the_learning_ones()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var (images, ids, imageIds) = (TinyClip.Images(2), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }));
        Assert.Equal((false, true), (QueuesWhatLearns(TinyClip.Config), QueuesWhatLearns(TinyClip.Config.AsReleased())));

        bool QueuesWhatLearns(ClipConfig config)
        {
            using var model = TinyClip.Model(config);
            model.state_dict()["text_projection"].mul_(randn(10));
            model.TrainingStep(images, ids, imageIds, 0.4);
            var learning = model.Forward(images, ids).Features.Text.t(); // [E, B]
            return (learning - model.Queues.Text.slice(1, 0, 2, 1)).abs().max().item<float>() < 1e-5f;
        }
    }

    [Fact]
    public void The_momentum_text_encoder_of_Released_follows_the_learning_transformer_at_once()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        Assert.Equal((false, true), (Follows(TinyClip.Config), Follows(TinyClip.Config with { BorrowsTransformer = true })));

        // After the transformer that learns was changed, does the copy's feature change by more than the momentum lets it?
        bool Follows(ClipConfig config)
        {
            var (images, ids) = (TinyClip.Images(2), TinyClip.Texts(1, 6, 9));
            using var model = TinyClip.Model(config);
            model.TrainingStep(images, ids, tensor(new long[] { 1, 2 }), 0.4);
            var before = model.Queues.Text.slice(1, 0, 2, 1).clone();
            model.state_dict()["transformer.resblocks.0.mlp.c_proj.weight"].mul_(-20);
            model.TrainingStep(images, ids, tensor(new long[] { 3, 4 }), 0.4);
            return (before - model.Queues.Text.slice(1, 2, 4, 1)).abs().max().item<float>() > 0.3f;
        }
    }

    [Fact]
    public void A_step_scales_cosines_by_no_more_than_a_hundred()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        model.state_dict()["logit_scale"].fill_(6);
        model.TrainingStep(TinyClip.Images(2), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }), 0);
        Assert.Equal(100f, model.state_dict()["logit_scale"].exp().item<float>(), 1e-3f);
    }

    [Fact]
    public void A_model_that_only_answers_says_so()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Model(TinyClip.Config.Plain());
        var error = Assert.Throws<InvalidOperationException>(() => model.TrainingStep(TinyClip.Images(2), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }), 0));
        Assert.Contains("Contrastive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unequal_numbers_of_images_and_texts_are_named()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Model();
        var error = Assert.Throws<ArgumentException>(() => model.TrainingStep(TinyClip.Images(3), TinyClip.Texts(1, 6, 9), tensor(new long[] { 1, 2 }), 0));
        Assert.Contains("3 images, 2 texts", error.Message, StringComparison.Ordinal);
    }

    private static bool IsCopy(string name) => name.Split('.')[0].EndsWith("_m", StringComparison.Ordinal);

    private static string[] CopyNames(Dictionary<string, Tensor> state) => [.. state.Keys.Where(IsCopy)];

    private static string Original(string copy) => string.Join('.', copy.Split('.').Select((part, i) => i == 0 ? part[..^2] : part));
}

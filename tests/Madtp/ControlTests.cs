using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class ControlTests
{
    private static readonly int[] Lengths = [20, 20, 20, 20];

    [Fact]
    public void One_count_for_all_keeps_the_mean_number_of_the_rule_it_copies()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(3, Lengths);
        var importance = new ImportanceScores(rand(4, 20));
        var own = new MeanThresholdRule().Decide(importance, context with { Temperature = 1.2 }).Counts;
        var shared = Rule(permuted: false).Decide(importance, context with { Temperature = 1.2 });
        Assert.True(own.max().item<long>() > own.min().item<long>()); // else there is nothing to share
        Assert.All(shared.Counts.data<long>().ToArray(), count => Assert.Equal(own.to(float64).mean().item<double>(), count, 0.5));
        for (var b = 0; b < 4; b++)
        {
            // Whoever stays is the most important.
            Assert.True(importance.Total[b].masked_select(shared.Keep[b]).min().item<float>()
                > importance.Total[b].masked_select(shared.Keep[b].logical_not()).max().item<float>());
        }
    }

    [Fact]
    public void Permuted_counts_are_the_same_numbers_of_other_samples()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(3, Lengths) with { Temperature = 1.2 };
        var importance = new ImportanceScores(rand(4, 20));
        var own = new MeanThresholdRule().Decide(importance, context).Counts.data<long>().ToArray();
        var permuted = Rule(permuted: true).Decide(importance, context).Counts.data<long>().ToArray();
        Assert.Equal([own[3], own[0], own[1], own[2]], permuted);
    }

    [Fact]
    public void Shares_are_what_texts_of_different_lengths_share()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(4, [20, 10]) with { Temperature = 0 }; // the mean threshold at 0 keeps all that is positive
        var importance = new ImportanceScores(rand(2, 20) + 0.1);
        Assert.Equal([20L, 10L], Rule(permuted: false).Decide(importance, context).Counts.data<long>().ToArray());
        Assert.Equal([20L, 10L], Rule(permuted: true).Decide(importance, context).Counts.data<long>().ToArray());
    }

    [Fact]
    public void A_mean_threshold_is_the_mean_over_tokens_without_padding()
    {
        using var scope = NewDisposeScope();
        var context = OneBlock.Random(4, [20, 10]) with { Temperature = 1 };
        var importance = rand(2, 20) * context.Mask!;
        var thresholds = new MeanThresholdRule().Decide(new ImportanceScores(importance), context).Thresholds!.Floats();
        Assert.Equal(importance[1].sum().item<float>() / 10, thresholds[1], 1e-6f);
    }

    [Fact]
    public void Shuffled_texts_compare_with_another_pairs_text()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(3, 4, 8);
        var features = new AlignedFeatures(image, image);
        Assert.Equal(0, AlignmentLoss.Of(features, GuidanceTraining.Paper)!.item<float>(), 1e-5f);
        Assert.True(AlignmentLoss.Of(features, GuidanceTraining.ShuffledTexts)!.item<float>() > 0.3f);
    }

    [Fact]
    public void Negatives_are_not_satisfied_by_features_that_are_all_alike()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var image = randn(3, 4, 8);
        var alike = image.slice(0, 0, 1, 1).expand(3, 4, 8);
        Assert.True(AlignmentLoss.Contrast(image, image).item<float>() < 0.1f);
        Assert.Equal(Math.Log(3), AlignmentLoss.Contrast(alike, alike).item<float>(), 1e-4);
        Assert.Equal(0, AlignmentLoss.Similarity(alike, alike).item<float>(), 1e-5f);
    }

    [Fact]
    public void The_contrast_takes_images_and_texts_alike_and_does_not_mind_how_many_learnable_tokens_there_are()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var (image, text) = (randn(3, 1, 8), randn(3, 1, 8));
        var loss = AlignmentLoss.Contrast(image, text).item<float>();
        Assert.Equal(loss, AlignmentLoss.Contrast(text, image).item<float>(), 1e-5f);
        Assert.Equal(loss, AlignmentLoss.Contrast(image.repeat(1, 4, 1), text.repeat(1, 4, 1)).item<float>(), 1e-5f);
    }

    [Fact]
    public void The_mean_cosine_tells_vectors_that_point_one_way_from_others()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(1, AlignmentGuidance.MeanCosine(ones(5, 8) * arange(1, 6).unsqueeze(1)), 1e-5);
        Assert.Equal(0, AlignmentGuidance.MeanCosine(eye(6).unsqueeze(0).expand(2, 6, 6)), 1e-5);
    }

    [Fact]
    public void Every_control_is_in_the_registry_and_differs_from_MADTP_in_one_thing()
    {
        var madtp = Methods.Of("MADTP");
        Assert.All(Methods.Controls, control =>
        {
            Assert.Same(control, Methods.Of(control.Name));
            var (one, other) = (control.Pruning!.Policy(1), madtp.Pruning!.Policy(1));
            var differs = new[] { one with { Name = "", Keep = other.Keep } != other with { Name = "" }, one.Keep != other.Keep, control.Guidance != madtp.Guidance || control.AlignmentWeight != madtp.AlignmentWeight };
            Assert.Single(differs, true);
        });
    }

    [Theory]
    [InlineData("w/o MAG")]
    [InlineData("frozen guidance")]
    public void Without_guidance_that_learns_there_is_no_alignment_loss(string name) => Assert.Equal(0, Methods.Of(name).AlignmentWeight);

    private static SharedCountRule Rule(bool permuted) => new(new MeanThresholdRule(), permuted);
}

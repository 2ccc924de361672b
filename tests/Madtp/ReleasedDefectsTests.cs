using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class ReleasedDefectsTests
{
    public static TheoryData<string> InPolicies { get; } = [.. ReleasedDefects.InPolicies.Select(defect => defect.Name)];

    private static ReductionPolicy Policy(string name) => ReleasedDefects.InPolicies.Single(defect => defect.Name == name).Policy!;

    [Fact]
    public void The_list_is_whole()
    {
        Assert.Equal(Enumerable.Range(1, 12), ReleasedDefects.All.Select(defect => defect.Number).OfType<int>());
        Assert.Equal(ReleasedDefects.All.Count, ReleasedDefects.All.Select(defect => defect.Name).Distinct().Count());
    }

    /// <summary>Every property that Released sets differently is flipped by some entry, and put together they are Released.</summary>
    [Fact]
    public void Together_they_make_the_released_policy()
    {
        var flipped = ReductionPolicy.Fixed;
        foreach (var property in typeof(ReductionPolicy).GetProperties().Where(property => property.SetMethod is not null && property.Name is not "Name"))
        {
            var values = ReleasedDefects.InPolicies.Select(defect => property.GetValue(defect.Policy)).Where(value => !Equals(value, property.GetValue(ReductionPolicy.Fixed))).ToArray();
            var released = property.GetValue(ReductionPolicy.Released);
            if (property.Name is "Scorer")
            {
                var scorers = values.Cast<ImportanceScorer>().ToArray();
                Assert.Contains(scorers, scorer => !scorer.NormalizeClass);
                Assert.Contains(scorers, scorer => !scorer.SoftmaxAlignment);
                Assert.Contains(scorers, scorer => scorer.SumSelf);
            }
            else if (!Equals(released, property.GetValue(flipped)))
            {
                Assert.Contains(released, values);
            }
        }
    }

    [Theory]
    [MemberData(nameof(InPolicies))]
    public void Each_runs_a_training_step_with_padding(string name)
    {
        using var scope = NewDisposeScope();
        var model = TinyModels.Nlvr();
        model.train();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        using var reduction = TokenReduction.Attach(model, Policy(name), 2);
        using var trace = reduction.Record();
        var output = model.Forward(images, ids, mask);
        (nn.functional.cross_entropy(output.Logits, tensor(new long[] { 0, 1, 1 })) + AlignmentLoss.Of(output.Aligned)!).backward();
        Assert.All(model.parameters().Where(parameter => parameter.grad is not null), parameter => Assert.True(parameter.grad!.isfinite().all().item<bool>()));
        Assert.Contains(trace.Steps, step => step.Pruned);
    }

    [Theory]
    [MemberData(nameof(InPolicies))]
    public void Each_changes_what_it_says_and_only_where_it_shows(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(4, 12, 5, 8);
        float[] Logits(ReductionPolicy policy)
        {
            using var reduction = TokenReduction.Attach(model, policy, 60);
            var output = model.Forward(images, ids, mask);
            return [.. output.Logits.Floats(), .. AlignmentLoss.Of(output.Aligned)!.view(1).Floats()];
        }

        var same = Logits(ReductionPolicy.Fixed).SequenceEqual(Logits(Policy(name)));
        Assert.Equal(name is "no floor" or "features summed", same); // nothing here is pruned that far; a cosine knows no length
        Assert.NotEqual(Logits(Policy("padding counts")), Logits(Policy("misplaced masks")));
    }

    [Theory]
    [MemberData(nameof(InPolicies))]
    public void Each_runs_on_clip(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyClip.Model();
        using var reduction = TokenReduction.Attach(model, Policy(name), 2);
        var output = model.Forward(TinyClip.Images(3), TinyClip.Texts(1, 6, 9, 4));
        Assert.True(output.Image.Feature.isfinite().all().item<bool>());
        Assert.True(output.Text.Feature.isfinite().all().item<bool>());
    }

    [Fact]
    public void Without_a_floor_a_sample_may_go_on_with_nothing_but_class_and_merged_token()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = TinyModels.Nlvr();
        var (images, ids, mask) = TinyModels.Batch(2, 12, 3);
        using var reduction = TokenReduction.Attach(model, Policy("no floor") with { Keep = new MeanThresholdRule() }, 1000);
        using var trace = reduction.Record();
        Assert.True(model.Forward(images, ids, mask).Logits.isfinite().all().item<bool>());
        Assert.All(trace.Steps, step => Assert.All(step.TokensPerSample, tokens => Assert.Equal(2, tokens)));
    }
}

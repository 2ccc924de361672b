using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

[Collection(RandomStateCollection.Name)]
public class ToyRecipeTests
{
    private static readonly ToyCaptionSettings World = new(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2);

    public static TheoryData<string> Recipes() => [ToyCaption.Name, ToyVqa.Name];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_run_that_was_interrupted_ends_with_the_same_weights(string name)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        var recipe = Recipe(name);
        Assert.NotNull(recipe.Run(whole.Path));
        using var stop = new CancellationTokenSource();
        Assert.Null(recipe.Run(parts.Path, progress: progress =>
        {
            if (progress.Step == 2)
            {
                stop.Cancel();
            }
        }, cancellation: stop.Token));
        Assert.NotNull(recipe.Run(parts.Path, resume: true));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Path, recipe.FileName)), File.ReadAllBytes(Path.Combine(parts.Path, recipe.FileName)));
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Weights_answer_as_they_did_when_written(string name)
    {
        using var folder = new TemporaryFolder();
        var recipe = Recipe(name);
        var report = recipe.Run(folder.Path)!;
        var path = Path.Combine(folder.Path, recipe.FileName);
        Assert.True(new FileInfo(path).Length < 3 << 20);
        using var run = (recipe with { From = path }).Begin(recipe with { From = path });
        Assert.Equal(report.Test.Accuracy, run.Score("test", false).Accuracy, 12);
        Assert.Equal(report.Test.ByKind, run.Score("test", false).ByKind);
        Assert.Equal(report.Test.DenseMacs, report.Test.Macs);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_budget_is_met_and_fewer_tokens_cost_less(string name)
    {
        using var scope = NewDisposeScope();
        var recipe = Recipe(name);
        recipe = recipe with { Task = new BudgetSettings { MacShare = 0.6, CalibrationExamples = 24 } };
        using var run = recipe.Begin(recipe);
        var calibration = run.Task!.Calibrate();
        Assert.InRange(calibration.Cost / calibration.Target, 0.9, 1.1);
        var reduced = run.Task.Validate();
        Assert.InRange(reduced.MacShare, 0.45, 0.8);
        Assert.NotEmpty(reduced.Tokens);
        var losses = run.Task.Losses([0, 3, 8, 11]);
        Assert.InRange(losses.Macs!.Value / reduced.DenseMacs, 0.35, 0.85);
        Assert.Equal(name == ToyVqa.Name, losses.Alignment is not null); // a caption has no aligned feature
        Assert.Equal(name == ToyVqa.Name, losses.TextTokens is not null); // decoders are never reduced
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Training_lowers_the_loss(string name)
    {
        using var folder = new TemporaryFolder();
        var recipe = Recipe(name);
        using var run = recipe.Begin(recipe);
        var result = new Trainer(run.Task!, recipe.Training with { Epochs = 8, LogEvery = 1, WarmupSteps = 1, LearningRate = 2e-3 }, folder.Path).Run();
        Assert.True(result.Records[^1].Task < 0.7 * result.Records[0].Task, $"from {result.Records[0].Task} to {result.Records[^1].Task}");
    }

    [Fact]
    public void A_new_model_sees_with_the_trained_nlvr2_models_image_encoder()
    {
        using var scope = NewDisposeScope();
        using var model = ToyCaption.Create(4);
        using var trained = ToyNlvr2.Load().Model;
        var (mine, theirs) = (model.VisualEncoder.state_dict(), trained.VisualEncoder.state_dict());
        Assert.All(mine, tensor => Assert.True(tensor.Value.eq(theirs[tensor.Key]).all().item<bool>(), tensor.Key));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_budget_is_a_share(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => ToyRecipe.Vqa.Reduced(share));

    private static ToyRecipe Recipe(string name)
    {
        var recipe = name == ToyVqa.Name ? ToyRecipe.Vqa : ToyRecipe.Caption;
        return recipe with { World = World, Training = recipe.Training with { Epochs = 1, BatchSize = 8, WarmupSteps = 2, CheckpointEvery = 2, Seed = 3 } };
    }
}

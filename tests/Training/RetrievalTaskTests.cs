using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

[Collection(RandomStateCollection.Name)]
public class RetrievalTaskTests
{
    private static readonly ToyCaptionSettings World = new(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2);

    public static TheoryData<string> Recipes() => [ToyClip.Name, ToyRetrieval.Name];

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
    public void Weights_hold_what_answers_and_training_goes_on_from_them(string name)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var recipe = Recipe(name);
        var report = recipe.Run(folder.Path)!;
        var path = Path.Combine(folder.Path, recipe.FileName);
        Assert.True(new FileInfo(path).Length < 3 << 20);
        var retriever = recipe.Begin(path, 9);
        using var test = recipe.Draw("test", World);
        Assert.Equal(report.Test.Accuracy, RetrievalEvaluator.Evaluate(retriever, test, "test").Accuracy, 12);
        var state = retriever.Module.state_dict();
        var copies = state.Where(tensor => tensor.Key.Split('.')[0].EndsWith("_m", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(copies);
        Assert.All(copies, copy =>
        {
            var parts = copy.Key.Split('.');
            parts[0] = parts[0][..^2];
            Assert.True(copy.Value.Equals(state[string.Join('.', parts)]), copy.Key);
        });
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_budget_is_met_and_fewer_tokens_cost_less(string name)
    {
        using var scope = NewDisposeScope();
        var recipe = Recipe(name);
        using var train = recipe.Draw("train", World);
        using var validation = recipe.Draw("val", World);
        var retriever = recipe.Begin(null, 3);
        using var task = new RetrievalTask(retriever, train, validation, new RetrievalTaskSettings { MacShare = 0.7, CalibrationExamples = 24 });
        var calibration = task.Calibrate();
        Assert.InRange(calibration.Cost / calibration.Target, 0.9, 1.1);
        var reduced = task.Evaluate(validation, "val");
        Assert.InRange(reduced.MacShare, 0.5, 0.9);
        Assert.NotEmpty(reduced.Tokens);
        var losses = task.Losses([0, 3, 8, 11]);
        Assert.InRange(losses.Macs!.Value / reduced.DenseMacs, 0.5, 0.9);
        Assert.NotNull(losses.Alignment);
    }

    [Fact]
    public void Ranking_by_the_evaluator_is_the_models_own()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var model = ToyClip.Create(2);
        model.eval();
        using var split = ToyCaptionedImages.DrawForClip("val", World);
        var scores = new ClipRetriever(model).Rank(split);
        var (ids, _) = split.Texts([7]);
        var logits = model.Forward(split.Pixels([4]), ids).Logits[0, 0].item<float>();
        Assert.Equal(logits * 0.07, scores.ImageToText[4, 7].item<float>(), 4);
        Assert.Equal(scores.ImageToText[4, 7].item<float>(), scores.TextToImage[7, 4].item<float>());
    }

    [Fact]
    public void Batches_whose_captions_are_compared_cannot_be_accumulated()
    {
        using var folder = new TemporaryFolder();
        var recipe = Recipe(ToyClip.Name);
        var error = Assert.Throws<ArgumentException>(() => (recipe with { Training = recipe.Training with { AccumulateSteps = 2 } }).Run(folder.Path));
        Assert.Contains("leave AccumulateSteps at 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_weights_say_how_to_make_them()
    {
        var error = Assert.Throws<FileNotFoundException>(() => ToyClip.Load(Path.Combine(Path.GetTempPath(), "absent", "toy-clip.safetensors")));
        Assert.Contains("./kit train toy-clip", error.Message, StringComparison.Ordinal);
    }

    private static ToyRetrievalRecipe Recipe(string name) => (name == ToyClip.Name ? ToyRetrievalRecipe.Clip : ToyRetrievalRecipe.Blip) with
    {
        World = World,
        Training = new TrainingSettings { Epochs = 1, BatchSize = 6, WarmupSteps = 2, CheckpointEvery = 1, LogEvery = 1 },
    };
}

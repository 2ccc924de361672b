using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Evaluations;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

/// <summary>The paper's recipe with a tiny model, on the toy world written to disk as NLVR2 is.</summary>
[Collection(RandomStateCollection.Name)]
public sealed class Nlvr2RecipeTests : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Toys toys;
    private readonly string checkpoint;

    public Nlvr2RecipeTests(Toys toys)
    {
        this.toys = toys;
        checkpoint = Path.Combine(folder.Path, "model_base_nlvr.safetensors");
        SafetensorsWriter.Write(checkpoint, TinyNlvr.Plain(seed: 3).state_dict());
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0.7)]
    public void A_killed_run_that_is_resumed_equals_an_uninterrupted_one(double? share)
    {
        var recipe = Recipe(share);
        var whole = recipe.Run(Folder("whole"))!;
        Assert.Throws<OperationCanceledException>(() => recipe.Run(Folder("killed"), progress: progress =>
        {
            if (progress.Step == 7)
            {
                throw new OperationCanceledException(); // two steps after a checkpoint, in the second epoch
            }
        }));
        var resumed = recipe.Run(Folder("killed"), resume: true)!;
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder("whole"), recipe.FileName)), File.ReadAllBytes(Path.Combine(Folder("killed"), recipe.FileName)));
        Assert.Equal((whole.Dev.Accuracy, whole.Test.Accuracy, whole.Test.Macs), (resumed.Dev.Accuracy, resumed.Test.Accuracy, resumed.Test.Macs));
        Assert.Equal(10, TrainingLog.Read(Path.Combine(Folder("killed"), "log.jsonl"))[^1].Step);
    }

    [Fact]
    public void Parts_and_recomputation_change_nothing_but_rounding()
    {
        var recipe = Recipe(null) with { DropPath = 0 };
        var whole = recipe.Run(Folder("whole"))!;
        var parts = (recipe with { Training = recipe.Training with { AccumulateSteps = 4, GradientCheckpointing = true } }).Run(Folder("parts"))!;
        Assert.Equal(60, parts.Test.Examples);
        var losses = new[] { "whole", "parts" }.Select(run => TrainingLog.Read(Path.Combine(Folder(run), "log.jsonl")).Select(record => record.Loss!.Value).ToArray()).ToArray();
        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
        Assert.Equal(whole.Test.Accuracy, parts.Test.Accuracy, 0.05);
    }

    [Fact]
    public void The_written_weights_are_evaluated_at_the_budget_they_were_trained_for()
    {
        var recipe = Recipe(0.7);
        var report = recipe.Run(Folder("run"))!;
        Assert.NotNull(report.Calibration);
        var evaluated = Evaluator.Run("nlvr2", new EvaluationSettings { Checkpoint = Path.Combine(Folder("run"), recipe.FileName), Data = toys.Data, Output = Folder("evaluation"), BatchSize = 10 });
        Assert.Equal(report.Test.Accuracy, evaluated.Scores.Single(score => score.Key == "accuracy").Value, 9);
        Assert.Equal(report.Test.Macs, evaluated.Macs, 1e-6 * report.Test.Macs);
        Assert.Equal(report.Test.Temperature, evaluated.Temperature);
    }

    [Fact]
    public void Files_are_scored_as_the_same_pairs_in_memory()
    {
        var toy = ToyNlvr2.Load(0.5);
        using var attached = toy.Attach();
        using var memory = ToyNlvr2Pairs.Draw("test1", Toys.World);
        using var files = new NlvrPairs(Nlvr2Dataset.Load(toys.File("nlvr2/test1.json")), ToyTokens.Tokenizer, 32, new(ToyScene.Size));
        var (expected, actual) = (NlvrEvaluator.Evaluate(toy.Model, memory, "test1", attached), NlvrEvaluator.Evaluate(toy.Model, files, "test1", attached, batchSize: 7));
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.ByKind, actual.ByKind);
        Assert.Equal(expected.Macs, actual.Macs, 1e-6 * expected.Macs);
    }

    [Fact]
    public void The_papers_recipe_is_the_released_one()
    {
        var recipe = Nlvr2Recipe.Paper("model.pth", "data", 0.5);
        Assert.Equal((15, 128, 3e-6, 0.0, 0.05), (recipe.Training.Epochs, recipe.Training.BatchSize, recipe.Training.LearningRate, recipe.Training.FinalLearningRate, recipe.Training.WeightDecay));
        Assert.Equal((0.1, 100, 768, 0.1), (recipe.DropPath, recipe.Alignment.Tokens, recipe.Alignment.Width, recipe.Task.AlignmentWeight));
        Assert.Equal((15, 25, 15), (Nlvr2Recipe.Epochs(0.3), Nlvr2Recipe.Epochs(1 - 0.8), Nlvr2Recipe.Epochs(null)));
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentOutOfRangeException>(() => Nlvr2Recipe.Paper("m", "d", 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_said_before_training()
    {
        Assert.Contains("train.json", Assert.Throws<FileNotFoundException>(() => (Recipe(null) with { Data = folder.Path }).Run(Folder("run"))).Message, StringComparison.Ordinal);
        Assert.Contains("another vocabulary", Assert.Throws<InvalidDataException>(() => (Recipe(null) with { Vocabulary = folder.Write("words.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\na\n") }).Run(Folder("run"))).Message, StringComparison.Ordinal);
    }

    private string Folder(string run) => Path.Combine(folder.Path, run);

    private Nlvr2Recipe Recipe(double? share)
    {
        var paper = Nlvr2Recipe.Paper(checkpoint, toys.Data, share);
        return paper with
        {
            Training = paper.Training with { Epochs = 2, BatchSize = 8, AccumulateSteps = share is null ? 1 : 2, GradientCheckpointing = share is not null, LearningRate = 3e-3, LogEvery = 1, CheckpointEvery = 5, Seed = 4 },
            Task = paper.Task with { CalibrationPairs = 8 },
            Alignment = new AlignmentConfig(Tokens: 4, Width: 8, AlignmentMapping.PerLayer),
        };
    }
}

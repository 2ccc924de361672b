using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

/// <summary>The paper's recipe with a tiny model, on the toy world written to disk as NLVR2 is.</summary>
public sealed class Nlvr2RunTests : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Toys toys;
    private readonly string checkpoint;

    public Nlvr2RunTests(Toys toys)
    {
        this.toys = toys;
        checkpoint = Path.Combine(folder.Path, "model_base_nlvr.safetensors");
        SafetensorsWriter.Write(checkpoint, TinyNlvr.Plain(seed: 3).state_dict());
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0.3)]
    public void A_killed_run_that_is_resumed_equals_an_uninterrupted_one(double? ratio)
    {
        var whole = Run("whole", ratio).Train()!;
        Assert.Throws<OperationCanceledException>(() => Run("killed", ratio).Train(progress =>
        {
            if (progress.Step == 7)
            {
                throw new OperationCanceledException(); // two steps after a checkpoint, in the second epoch
            }
        }));
        var resumed = (Run("killed", ratio) with { Resume = true }).Train()!;
        Assert.Equal(File.ReadAllBytes(whole.Weights), File.ReadAllBytes(resumed.Weights));
        Assert.Equal((whole.Watched.Accuracy, Test(whole).Accuracy, Test(whole).Macs), (resumed.Watched.Accuracy, Test(resumed).Accuracy, Test(resumed).Macs));
        Assert.Equal(10, TrainingLog.Read(Path.Combine(Folder("killed"), "log.jsonl"))[^1].Step);
    }

    [Fact]
    public void Parts_and_recomputation_change_nothing_but_rounding()
    {
        var whole = Run("whole", null).With(s => s with { DropPath = 0 }).Train()!;
        var run = Run("parts", null).With(s => s with { DropPath = 0 });
        var parts = (run with { Training = run.Training with { AccumulateSteps = 4, GradientCheckpointing = true } }).Train()!;
        Assert.Equal(60, Test(parts).Examples);
        var losses = new[] { "whole", "parts" }.Select(run => TrainingLog.Read(Path.Combine(Folder(run), "log.jsonl")).Select(record => record.Loss!.Value).ToArray()).ToArray();
        Assert.All(losses[0].Zip(losses[1]), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
        Assert.Equal(Test(whole).Accuracy, Test(parts).Accuracy, 0.05);
    }

    [Fact]
    public void The_written_weights_are_evaluated_at_the_budget_they_were_trained_for()
    {
        var report = Run("run", 0.3).Train()!;
        Assert.NotNull(report.Calibration);
        var evaluated = toys.Scoring("nlvr2", report.Weights, Folder("evaluation"), batch: 10).Evaluate();
        Assert.Equal(Test(report).Accuracy, evaluated.Scores.Single(score => score.Key == "accuracy").Value, 9);
        Assert.Equal(Test(report).Macs, evaluated.Macs, 1e-6 * evaluated.Macs);
        Assert.Equal(Test(report).Strength, evaluated.Strength);
    }

    [Fact]
    public void Files_are_scored_as_the_same_pairs_in_memory()
    {
        var toy = ToyModels.Nlvr2.Load(0.5);
        using var attached = toy.Attach();
        using var memory = ToyNlvr2Pairs.Draw("test1", Toys.World);
        using var files = new NlvrPairs(Nlvr2Dataset.Load(toys.File("nlvr2/test1.json")), ToyTokens.Tokenizer, 32, new(ToyScene.Size));
        var (expected, actual) = (NlvrTask.Evaluate(toy.Model, memory, "test1", attached), NlvrTask.Evaluate(toy.Model, files, "test1", attached, new Scoring { BatchSize = 7 }));
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.ByKind, actual.ByKind);
        Assert.Equal(expected.Macs, actual.Macs, 1e-6 * expected.Macs);
    }

    [Fact]
    public void The_papers_recipe_is_the_released_one()
    {
        var (task, training) = Recipe.Paper("nlvr2", reduceRatio: 0.5);
        Assert.Equal((15, 128, 3e-6, 0.0, 0.05), (training.Epochs, training.BatchSize, training.LearningRate, training.FinalLearningRate, training.WeightDecay));
        Assert.Equal((0.1, 100, 768, 0.1), (task.DropPath, task.Alignment.Tokens, task.Alignment.Width, task.AlignmentWeight));
        int Epochs(double? ratio) => Recipe.Paper("nlvr2", reduceRatio: ratio).Training.Epochs;
        Assert.Equal((15, 25, 15), (Epochs(0.7), Epochs(0.8), Epochs(null)));
    }

    [Fact]
    public void What_does_not_fit_is_said_before_training()
    {
        Assert.Contains("train.json", Assert.Throws<FileNotFoundException>(() => Run("run", null).With(s => s with { Data = folder.Path }).Train()).Message, StringComparison.Ordinal);
        Assert.Contains("another vocabulary", Assert.Throws<InvalidDataException>(() => Run("run", null).With(s => s with { Vocabulary = folder.Write("words.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\na\n") }).Train()).Message, StringComparison.Ordinal);
    }

    private string Folder(string run) => Path.Combine(folder.Path, run);

    private static Evaluation Test(RunReport report) => report.Scores["test1"];

    private Run Run(string run, double? ratio)
    {
        var (settings, training) = Recipe.Paper("nlvr2", reduceRatio: ratio);
        settings = settings with { Checkpoint = checkpoint, Data = toys.Data, CalibrationExamples = 8, Alignment = new AlignmentConfig(Tokens: 4, Width: 8, AlignmentMapping.PerLayer) };
        return new Run("nlvr2", settings, Folder(run))
        {
            Training = training with { Epochs = 2, BatchSize = 8, AccumulateSteps = ratio is null ? 1 : 2, GradientCheckpointing = ratio is not null, LearningRate = 3e-3, LogEvery = 1, CheckpointEvery = 5, Seed = 4 },
        };
    }
}

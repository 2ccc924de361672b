using Madtp.Kit.Data.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>Every task in a toy world of a few pictures, drawn in memory.</summary>
public sealed class ToyRunTests(ToyRunTests.Trainings trained) : IClassFixture<ToyRunTests.Trainings>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Tasks() => [.. ModelTask.Names];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_run_that_was_interrupted_ends_with_the_same_weights(string task)
    {
        var (_, whole) = trained.Once(task);
        using var stop = new CancellationTokenSource();
        Assert.Null(Run(task, "parts").Train(progress =>
        {
            if (progress.Step == 2)
                stop.Cancel();
        }, stop.Token));
        var resumed = (Run(task, "parts") with { Resume = true }).Train()!;
        Assert.Equal(File.ReadAllBytes(whole.Weights), File.ReadAllBytes(resumed.Weights));
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Weights_answer_as_they_did_when_written_and_hold_no_training_copies(string task)
    {
        var (run, report) = trained.Once(task);
        Assert.True(new FileInfo(report.Weights).Length < 3 << 20);
        var (split, scores) = Assert.Single(report.Scores);
        var again = new Run(task, run.Settings with { Checkpoint = report.Weights }, string.Empty).Evaluate(split);
        Assert.Equal(scores.Accuracy, again.Accuracy, 12);
        Assert.Equal(scores.ByKind, again.ByKind);
        Assert.Equal(scores.DenseMacs, scores.Macs);
        using var file = Kit.Checkpoints.CheckpointFile.Open(report.Weights);
        Assert.DoesNotContain(file.Tensors, tensor => tensor.Name.Split('.')[0].EndsWith("_m", StringComparison.Ordinal));
    }

    [Fact]
    public void Answers_about_one_world_are_not_those_about_another()
    {
        var (run, report) = trained.Once("nlvr2");
        var scoring = new Run("nlvr2", run.Settings with { Checkpoint = report.Weights }, folder.File("scores"));
        scoring.Evaluate();
        var other = scoring.With(settings => settings with { World = settings.World with { Seed = 99 } }) with { Resume = true };
        Assert.Contains("its world is {", Assert.Throws<InvalidDataException>(() => other.Evaluate()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clip")]
    [InlineData("retrieval")]
    public void Copies_begin_at_the_weights_they_copy(string task)
    {
        using var scope = NewDisposeScope();
        var (run, report) = trained.Once(task);
        using var opened = ModelTask.Open(task, run.Settings with { Checkpoint = report.Weights });
        var state = opened.Model.state_dict();
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
    [MemberData(nameof(Tasks))]
    public void A_budget_is_met_and_fewer_tokens_cost_less(string name)
    {
        using var scope = NewDisposeScope();
        using var task = ModelTask.Open(name, Run(name, "run").Settings with { ReduceRatio = 0.3, CalibrationExamples = 24, PatchWeight = 0, WordWeight = 0, AlignmentWeight = 0.1 });
        var calibration = task.Calibrate();
        Assert.InRange(calibration.Cost / calibration.Target, 0.9, 1.1);
        var reduced = task.Validate();
        Assert.InRange(reduced.MacShare, 0.45, 0.9);
        Assert.NotEmpty(reduced.Tokens);
        var losses = task.Losses([0, 3, 8, 11]);
        Assert.InRange(losses.Macs!.Value / reduced.DenseMacs, 0.35, 0.95);
        Assert.Equal(name != "caption", losses.Alignment is not null); // a caption has no aligned feature
        Assert.Equal(name != "caption", losses.TextTokens is not null); // decoders are never reduced
    }

    [Theory]
    [InlineData("caption")]
    [InlineData("vqa")]
    public void Training_lowers_the_loss(string task)
    {
        var run = Run(task, "run");
        (run with { Training = run.Training with { Epochs = 8, LogEvery = 1, WarmupSteps = 1, LearningRate = 2e-3 }, Scored = [] }).Train();
        var records = TrainingLog.Read(Path.Combine(run.Folder, "log.jsonl"));
        Assert.True(records[^1].Task < 0.7 * records[0].Task, $"from {records[0].Task} to {records[^1].Task}");
    }

    [Fact]
    public void A_new_captioner_sees_with_the_trained_nlvr2_models_image_encoder()
    {
        using var scope = NewDisposeScope();
        using var task = ModelTask.Open("caption", Run("caption", "run").Settings);
        using var trained = ToyModels.Nlvr2.Load().Model;
        var (mine, theirs) = (task.Model.state_dict(), trained.state_dict());
        Assert.All(mine.Where(tensor => tensor.Key.StartsWith("visual_encoder.", StringComparison.Ordinal)), tensor => Assert.True(tensor.Value.Equals(theirs[tensor.Key]), tensor.Key));
    }

    [Fact]
    public void Batches_whose_captions_are_compared_cannot_be_accumulated()
    {
        var run = Run("clip", "run");
        var error = Assert.Throws<ArgumentException>(() => (run with { Training = run.Training with { AccumulateSteps = 2 } }).Train());
        Assert.Contains("leave AccumulateSteps at 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_budget_is_a_share(double ratio) =>
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentException>(() => Run("vqa", "run").With(s => s with { ReduceRatio = ratio }).Train()).Message, StringComparison.Ordinal);

    private Run Run(string task, string run) => Small(task, Path.Combine(folder.Path, run));

    private static Run Small(string task, string folder)
    {
        var (settings, training) = Recipe.Toy(task);
        settings = settings with
        {
            Learns = true,
            World = new ToyWorldSettings(Seed: 11, TrainPairs: 48, DevPairs: 16, TestPairs: 16),
            Scenes = new ToyCaptionSettings(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2),
        };
        return new Run(task, settings, folder)
        {
            Training = training with { Epochs = 1, BatchSize = 8, WarmupSteps = 2, CheckpointEvery = 2, LogEvery = 1, Seed = 3 },
        };
    }

    /// <summary>Each task's run, trained when it is first asked for.</summary>
    public sealed class Trainings : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Dictionary<string, (Run Run, RunReport Report)> done = [];

        internal (Run Run, RunReport Report) Once(string task)
        {
            if (!done.TryGetValue(task, out var one))
            {
                var run = Small(task, folder.File(task));
                done[task] = one = (run, run.Train()!);
            }

            return one;
        }

        public void Dispose() => folder.Dispose();
    }
}

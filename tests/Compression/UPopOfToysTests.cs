using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

/// <summary>Search, extraction and retraining of the toy models, from beginning to end on very little data.</summary>
public sealed class UPopOfToysTests
{
    private static readonly TrainingSettings Settings = new() { Epochs = 1, BatchSize = 6, WarmupSteps = 1, LearningRate = 1e-3, LogEvery = 2, CheckpointEvery = 3, Seed = 4 };

    public static TheoryData<string> Names() => ["clip", "retrieval", "caption", "vqa"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_budget_is_met_and_a_stopped_run_ends_with_the_same_weights(string name)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        var expected = Run(name, whole.Path, stopAt: null)!.Value;
        Assert.InRange(expected.Test.MacShare, 0.47, 0.51);
        Assert.InRange(expected.Test.Accuracy, 0, 1);
        Assert.Null(Run(name, parts.Path, stopAt: 2));
        Assert.False(File.Exists(Path.Combine(parts.Path, UPopTraining.ExtractedFile)));
        Assert.Null(Run(name, parts.Path, stopAt: expected.Steps - 1));
        Assert.True(File.Exists(Path.Combine(parts.Path, UPopTraining.ExtractedFile)));
        var actual = Run(name, parts.Path, stopAt: null)!.Value;
        var state = actual.Model.state_dict();
        Assert.All(expected.Model.state_dict(), pair => Assert.True(pair.Value.Equals(state[pair.Key]), pair.Key));
        Assert.Equal(expected.Test.Macs, actual.Test.Macs);
        expected.Model.Dispose();
        actual.Model.Dispose();
    }

    // What Tables 5 to 7 ask for besides.
    [Theory]
    [MemberData(nameof(Names))]
    public void Three_quarters_can_be_taken_out(string name)
    {
        using var folder = new TemporaryFolder();
        var (model, test, _) = Run(name, folder.Path, stopAt: null, share: 0.25)!.Value;
        using var smaller = model;
        Assert.InRange(test.MacShare, 0.22, 0.26);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_budget_that_cannot_be_met_is_refused_at_once(string name)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<ArgumentException>(() => Run(name, folder.Path, stopAt: 1, share: 0.01));
        Assert.Contains("are not pruned", error.Message, StringComparison.Ordinal);
    }

    private static (nn.Module Model, Evaluation Test, int Steps)? Run(string name, string folder, int? stopAt, double share = 0.5)
    {
        using var stop = new CancellationTokenSource();
        var steps = 0;
        var settings = Recipe.Toy(name).Task with
        {
            AlignmentWeight = 0,
            PatchWeight = 0,
            WordWeight = 0,
            Seed = 3,
            Scenes = new ToyCaptionSettings(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2),
        };
        var task = ModelTask.Open(name, settings);
        var training = new UPopTraining(new UPopSettings(share, UpdateEvery: 2), Settings);
        var smaller = training.Run(task, folder, resume: true, progress =>
        {
            steps = progress.TotalSteps;
            if (progress.Step == stopAt)
                stop.Cancel();
        }, stop.Token);
        return smaller is null ? null : (smaller.Model, smaller.Evaluate(name is "clip" or "retrieval" ? "train" : "test"), steps);
    }
}

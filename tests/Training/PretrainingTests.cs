using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public class PretrainingTests
{
    [Fact]
    public void A_pretraining_that_was_stopped_in_either_part_ends_with_the_same_weights()
    {
        using var folder = new TemporaryFolder();
        var whole = Tiny(Path.Combine(folder.Path, "whole"));
        var scores = whole.Run()!.Value;
        Assert.InRange(scores.Patches.Accuracy, 0, 1);
        Assert.Equal(20, scores.Statements.Examples);
        var parts = Tiny(Path.Combine(folder.Path, "parts"));
        foreach (var (steps, stopAt) in new[] { (1, 1), (3, 3) })
        {
            using var stop = new CancellationTokenSource();
            var done = 0;
            Assert.Null(parts.Run(progress => StopAfter(stop, ++done == stopAt), stop.Token));
            Assert.True(steps <= done);
        }

        Assert.NotNull(parts.Run());
        Assert.Equal(Weights(whole), Weights(parts));
        using var model = new ToyModels<BlipNlvr>("decoys-neutral", () => new BlipNlvr(BlipConfig.Decoys)).Load(Path.Combine(whole.Folder, Run.WeightsName)).Model;
        Assert.Equal(24, model.Config.Alignment!.Tokens);
    }

    [Fact]
    public void A_folder_is_one_pretrainings_unless_it_shall_begin_anew()
    {
        using var folder = new TemporaryFolder();
        var run = Tiny(folder.Path);
        using var stop = new CancellationTokenSource();
        Assert.Null(run.Run(_ => stop.Cancel(), stop.Token));
        Refused(run with { Pictures = 36 }, "its examples is 24 pictures and 16 statements, not 36");
        Refused(run with { World = run.World with { Seed = 99 } }, "its world is {");
        var other = run with { PatchTraining = run.PatchTraining with { Seed = 2 } };
        Refused(other, "its patches' Seed is 1, not 2");
        var steps = new List<int>();
        Assert.NotNull((other with { Fresh = true }).Run(progress => steps.Add(progress.Step)));
        Assert.Equal(1, steps[0]);

        static void Refused(Pretraining run, string difference) =>
            Assert.Contains(difference, Assert.Throws<InvalidDataException>(() => run.Run()).Message, StringComparison.Ordinal);
    }

    private static void StopAfter(CancellationTokenSource stop, bool now)
    {
        if (now)
            stop.Cancel();
    }

    private static byte[] Weights(Pretraining run) => File.ReadAllBytes(Path.Combine(run.Folder, Run.WeightsName));

    private static Pretraining Tiny(string folder) => new(folder)
    {
        Pictures = 24,
        Statements = 16,
        WatchedStatements = 20,
        HeldPictures = 60,
        PatchTraining = new() { Epochs = 1, BatchSize = 12, WarmupSteps = 1, LogEvery = 1 },
        StatementTraining = new() { Epochs = 2, BatchSize = 8, WarmupSteps = 1, LogEvery = 1 },
    };
}

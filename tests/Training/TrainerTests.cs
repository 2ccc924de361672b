using Madtp.Kit.Checkpoints;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

public sealed class TrainerTests(TrainerTests.Trainings trained) : IClassFixture<TrainerTests.Trainings>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kit-training-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void LossFalls()
    {
        using var task = TinyNlvr.Task(seed: 1);
        var result = new Trainer(task, TinyNlvr.Settings with { Epochs = 6 }, folder).Run();
        Assert.True(result.Completed);
        Assert.Equal(36, result.Steps);
        Assert.True(result.Records[^1].Loss < 0.8 * result.Records[0].Loss, $"{result.Records[0].Loss} to {result.Records[^1].Loss}");
        Assert.All(result.Records, record => Assert.True(record.Alignment > 0 && record.Auxiliary > 0));
        Assert.Equal(Enumerable.Range(1, 6), result.Records.Where(record => record.EndsEpoch).Select(record => record.Epoch));
    }

    [Theory]
    [InlineData(null, 7)] // after the checkpoint of step 5
    [InlineData(null, 2)] // before any checkpoint
    [InlineData(0.7, 10)] // at a checkpoint, tokens reduced, temperature moved twice
    [InlineData(0.7, 8)]
    public void AKilledRunThatIsResumedEqualsAnUninterruptedOne(double? share, int killedAfter)
    {
        var whole = trained.Whole(share);
        var interrupted = Path.Combine(folder, "interrupted");
        using (var killed = TinyNlvr.Task(seed: 1, share))
        {
            Assert.Throws<OperationCanceledException>(() => new Trainer(killed, TinyNlvr.Settings, interrupted).Run(
                progress => { if (progress.Step == killedAfter) { throw new OperationCanceledException(); } }));
        }

        // Before the first checkpoint the run begins anew, so the weights must be the same; after it they come from the file.
        using var resumed = TinyNlvr.Task(seed: killedAfter < TinyNlvr.Settings.CheckpointEvery ? 1 : 99, share);
        var actual = new Trainer(resumed, TinyNlvr.Settings, interrupted).Run(resume: true);

        Assert.Equal(whole.Weights, TinyNlvr.Weights(resumed));
        Assert.Equal(whole.Strength, resumed.Strength);
        Assert.Equal(whole.Records.Select(Untimed), actual.Records.Select(Untimed));
        Assert.Equal(whole.Log.Select(Untimed), TrainingLog.Read(Path.Combine(interrupted, "log.jsonl")).Select(Untimed));
    }

    [Fact]
    public void ACheckpointCutOffInTheMiddleDoesNotReplaceTheOneBefore()
    {
        using (var task = TinyNlvr.Task(seed: 1))
            new Trainer(task, TinyNlvr.Settings with { Epochs = 1 }, folder).Run();

        var checkpoint = Path.Combine(folder, "checkpoint.safetensors");
        var half = checkpoint + ".0123.part";
        File.WriteAllBytes(half, File.ReadAllBytes(checkpoint)[..1000]);
        using var again = TinyNlvr.Task(seed: 2);
        var result = new Trainer(again, TinyNlvr.Settings with { Epochs = 1 }, folder).Run(resume: true);
        Assert.True(result.Completed);
        Assert.False(File.Exists(half));
    }

    [Theory]
    [InlineData("checkpoint.safetensors")]
    [InlineData("checkpoint.written.safetensors")] // ended between two renames
    public void AnUnreadableNewestCheckpointIsPassedOverAndTheWeightsAreTheSame(string newest)
    {
        var run = Path.Combine(folder, "run");
        using (var stopped = TinyNlvr.Task(seed: 1))
        {
            new Trainer(stopped, TinyNlvr.Settings with { StopAfterEpoch = 1 }, run).Run(); // checkpoints after 5 steps and 6
        }

        File.Move(Path.Combine(run, "checkpoint.safetensors"), Path.Combine(run, newest));
        File.WriteAllBytes(Path.Combine(run, newest), File.ReadAllBytes(Path.Combine(run, newest))[..^100]);
        using var task = TinyNlvr.Task(seed: 2);
        var notices = new List<string>();
        new Trainer(task, TinyNlvr.Settings, run).Run(progress => notices.AddRange(progress.Notice is { } one ? [one] : []), resume: true);
        Assert.Contains("going on from step 5 of checkpoint.previous.safetensors", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(run, newest), notices[0], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(run, $"{newest}.damaged")));
        Assert.Equal(trained.Whole(null).Weights, TinyNlvr.Weights(task));
    }

    [Fact]
    public void ACheckpointThatIsWrittenAndNotYetRenamedIsTheNewest()
    {
        using var task = TinyNlvr.Task(seed: 1);
        new Trainer(task, TinyNlvr.Settings with { StopAfterEpoch = 1 }, folder).Run(); // checkpoints after 5 steps and 6
        File.Move(Path.Combine(folder, "checkpoint.safetensors"), Path.Combine(folder, "checkpoint.written.safetensors"));
        File.Move(Path.Combine(folder, "checkpoint.previous.safetensors"), Path.Combine(folder, "checkpoint.safetensors"));
        var steps = new List<int>();
        new Trainer(task, TinyNlvr.Settings, folder).Run(progress => steps.Add(progress.Step), resume: true);
        Assert.Equal(7, steps[0]);
    }

    [Theory]
    [InlineData("seconds", null, "no 'seconds'")]
    [InlineData("seconds", "abc", "no number as 'seconds'")]
    [InlineData("step", "99999999999", "its step is 99999999999, the run has 12")]
    [InlineData("step", "13", "its step is 13")]
    [InlineData("step", "1.5", "its step is 1.5")]
    [InlineData("step", null, "no checkpoint of a training")]
    [InlineData("Epochs", null, "other settings (Epochs was not set); train with those")]
    [InlineData("Epochs", "\u001b[2J", "other settings (Epochs was '\\u001b[2J'); train with those")]
    [InlineData("random_state", null, "no tensor 'random_state'")]
    [InlineData("random_state", "0", "the random state is damaged")]
    [InlineData("random_state", "short", "the random state is damaged")]
    public void WhatIsWrongWithACheckpointIsSaidInASentence(string part, string? value, string says)
    {
        using var task = TinyNlvr.Task(seed: 1);
        Toys.Copy(trained.Stopped, folder);
        var path = Path.Combine(folder, "checkpoint.safetensors");
        Dictionary<string, Tensor> tensors;
        Dictionary<string, string> metadata;
        using (var file = CheckpointFile.Open(path))
        {
            tensors = file.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.ToTensor());
            metadata = new(file.Metadata);
        }

        if (part == "random_state")
        {
            tensors[part] = value == "short" ? tensors[part][..8] : zeros_like(tensors[part]);
            tensors = tensors.Where(tensor => value is not null || tensor.Key != part).ToDictionary();
        }
        else
        {
            metadata[part] = value!;
            metadata = metadata.Where(entry => entry.Value is not null).ToDictionary();
        }

        SafetensorsWriter.Write(path, tensors, metadata);
        var error = Assert.Throws<InvalidDataException>(() => new Trainer(task, TinyNlvr.Settings with { CheckpointEvery = 0 }, folder).Run(resume: true));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ATrainingThatDivergesEndsInThatStepAndIsNotWalkedIntoAgain()
    {
        using var task = TinyNlvr.Task(seed: 1);
        var settings = TinyNlvr.Settings with { LearningRate = 1e30, CheckpointEvery = 1, LogEvery = 1, WarmupSteps = 0 };
        var error = Assert.Throws<NotFiniteNumberException>(() => new Trainer(task, settings, folder).Run());
        Assert.Contains("diverged in step 2: the task loss is not a number; the largest gradient is that of model.", error.Message, StringComparison.Ordinal);
        Assert.Single(TrainingLog.Read(Path.Combine(folder, "log.jsonl")));
        using (var file = CheckpointFile.Open(Path.Combine(folder, "checkpoint.safetensors")))
        {
            Assert.Equal("1", file.Metadata["step"]);
            Assert.All(file.Tensors.Where(tensor => tensor.Type == ScalarType.Float32), tensor => Assert.All(tensor.ToArray<float>(), value => Assert.True(float.IsFinite(value))));
        }

        var again = Assert.Throws<InvalidDataException>(() => new Trainer(task, settings, folder).Run(resume: true));
        Assert.Contains("diverged in step 2", again.Message, StringComparison.Ordinal);
        Assert.Contains("diverged.txt", again.Message, StringComparison.Ordinal);
        using var another = TinyNlvr.Task(seed: 1);
        Assert.True(new Trainer(another, TinyNlvr.Settings, folder).Run().Completed);
        Assert.True(new Trainer(another, TinyNlvr.Settings, folder).Run(resume: true).Completed);
    }

    [Fact]
    public void WeightsBeyondAThousandAreOvergrownAndAGradientThatIsNoNumberIsTheLargest()
    {
        using var scope = NewDisposeScope();
        var (small, large) = (nn.Parameter(ones(3)), nn.Parameter(full(3, 2000f)));
        Assert.Null(Divergence.Overgrown([("small", small)]));
        Assert.Equal("the weights large have grown to 2000", Divergence.Overgrown([("small", small), ("large", large)]));
        (small.grad, large.grad) = (full(3, float.NaN), ones(3));
        Assert.Equal("the largest gradient is that of small, infinite", Divergence.LargestGradient([("small", small), ("large", large)]));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    [InlineData(1e39)] // beyond float32
    public void NoTrainingIsBegunWithALearningRateThatIsNone(double rate)
    {
        using var task = TinyNlvr.Task(seed: 1);
        var error = Assert.Throws<ArgumentException>(() => new Trainer(task, TinyNlvr.Settings with { LearningRate = rate }, folder).Run());
        Assert.StartsWith("there is no training with a learning rate of ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(folder));
    }

    [Fact]
    public void StopsWhenAskedAndGoesOnFromThere()
    {
        using var stop = new CancellationTokenSource();
        using var task = TinyNlvr.Task(seed: 1);
        var stopped = new Trainer(task, TinyNlvr.Settings, folder).Run(progress => { if (progress.Step == 3) { stop.Cancel(); } }, cancellation: stop.Token);
        Assert.Equal((3, false), (stopped.Steps, stopped.Completed));
        var steps = new List<int>();
        new Trainer(task, TinyNlvr.Settings, folder).Run(progress => steps.Add(progress.Step), resume: true);
        Assert.Equal(Enumerable.Range(4, 9), steps);
    }

    [Fact]
    public void RefusesToResumeWithOtherSettings()
    {
        using var task = TinyNlvr.Task(seed: 1);
        new Trainer(task, TinyNlvr.Settings with { Epochs = 1 }, folder).Run();
        var error = Assert.Throws<InvalidDataException>(() => new Trainer(task, TinyNlvr.Settings with { Epochs = 1, LearningRate = 1 }, folder).Run(resume: true));
        Assert.Contains("other settings (LearningRate was '0.003')", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MayBeResumedToStopAtAnotherAccuracy()
    {
        using var stop = new CancellationTokenSource();
        using var task = TinyNlvr.Task(seed: 1);
        new Trainer(task, TinyNlvr.Settings, folder).Run(progress => { if (progress.Step == 3) { stop.Cancel(); } }, cancellation: stop.Token);
        Assert.Equal(6, new Trainer(task, TinyNlvr.Settings with { StopAtAccuracy = 0 }, folder).Run(resume: true).Steps);
    }

    [Fact]
    public void StopsAtAnAccuracy()
    {
        using var task = TinyNlvr.Task(seed: 1);
        foreach (var resume in new[] { false, true })
        {
            var result = new Trainer(task, TinyNlvr.Settings with { StopAtAccuracy = 0 }, folder).Run(resume: resume);
            Assert.Equal((6, true), (result.Steps, result.Completed));
        }
    }

    [Fact]
    public void StopsAfterAnEpochAndWouldGoOnTheSameWay()
    {
        using var parts = TinyNlvr.Task(seed: 1);
        var first = new Trainer(parts, TinyNlvr.Settings with { StopAfterEpoch = 1 }, folder).Run();
        Assert.Equal((6, true), (first.Steps, first.Completed));
        var again = new Trainer(parts, TinyNlvr.Settings with { StopAfterEpoch = 1 }, folder).Run(resume: true);
        Assert.Equal((6, true), (again.Steps, again.Completed));
        Assert.Equal(12, new Trainer(parts, TinyNlvr.Settings, folder).Run(resume: true).Steps);
        Assert.Equal(trained.Whole(null).Weights, TinyNlvr.Weights(parts));
    }

    [Theory]
    [InlineData(2, null, 0.0)]
    [InlineData(8, null, 0.0)]
    [InlineData(4, 0.7, 0.0)] // with tokens reduced: each example keeps its own number, whatever it is batched with
    [InlineData(4, null, 0.3)] // branches that are skipped, in parts whose blocks are computed again
    public void ABatchInPartsStepsAsTheWholeBatch(int parts, double? share, double dropPath)
    {
        using var whole = TinyNlvr.Task(seed: 1, share, auxiliary: false, dropPath);
        var settings = TinyNlvr.Settings with { Epochs = 1 };
        var expected = new Trainer(whole, settings, Path.Combine(folder, "whole")).Run();
        using var accumulated = TinyNlvr.Task(seed: 1, share, auxiliary: false, dropPath);
        var actual = new Trainer(accumulated, settings with { AccumulateSteps = parts, GradientCheckpointing = dropPath > 0 }, Path.Combine(folder, "parts")).Run();
        var weights = TinyNlvr.Weights(accumulated);
        // Softmax does not see a key's bias: its gradient is 0 but for rounding, which Adam makes as large as any other.
        var seen = TinyNlvr.Weights(whole).Where(pair => !pair.Key.EndsWith("key.bias", StringComparison.Ordinal));
        Assert.All(seen, pair => Assert.All(pair.Value.Zip(weights[pair.Key]), values => Assert.Equal(values.First, values.Second, 1e-3)));
        Assert.All(expected.Records.Zip(actual.Records), pair => Assert.Equal(pair.First.Loss!.Value, pair.Second.Loss!.Value, 1e-4));
        Assert.All(expected.Records.Zip(actual.Records), pair => Assert.Equal(pair.First.GradientNorm!.Value, pair.Second.GradientNorm!.Value, 1e-3));
    }

    [Fact]
    public void BatchesThatDoNotDivideAreRefused()
    {
        using var task = TinyNlvr.Task(seed: 1);
        var error = Assert.Throws<ArgumentException>(() => new Trainer(task, TinyNlvr.Settings with { AccumulateSteps = 3 }, folder).Run());
        Assert.Contains("3 equal parts", error.Message, StringComparison.Ordinal);
    }

    private static TrainingRecord Untimed(TrainingRecord record) => record with { Seconds = 0 };

    /// <summary>Trainings that several tests hold others against, each done when it is first asked for.</summary>
    public sealed class Trainings : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly Dictionary<string, WholeTraining> done = [];
        private readonly Lazy<string> stopped;

        public Trainings() => stopped = new(() =>
        {
            using var task = TinyNlvr.Task(seed: 1);
            new Trainer(task, TinyNlvr.Settings with { CheckpointEvery = 0, StopAfterEpoch = 1 }, folder.File("stopped")).Run();
            return folder.File("stopped");
        });

        /// <summary>The folder of one that was stopped after an epoch, with its checkpoint.</summary>
        internal string Stopped => stopped.Value;

        /// <summary>One that nothing interrupted; to a share of the multiply-accumulates, or plain.</summary>
        internal WholeTraining Whole(double? share)
        {
            if (!done.TryGetValue($"{share}", out var training))
            {
                var run = folder.File($"whole-{done.Count}");
                using var task = TinyNlvr.Task(seed: 1, share);
                var result = new Trainer(task, TinyNlvr.Settings, run).Run();
                done[$"{share}"] = training = new(
                    TinyNlvr.Weights(task), task.Strength, result.Records, [.. TrainingLog.Read(Path.Combine(run, "log.jsonl"))]);
            }

            return training;
        }

        public void Dispose() => folder.Dispose();
    }

    internal sealed record WholeTraining(
        Dictionary<string, float[]> Weights, double? Strength, IReadOnlyList<TrainingRecord> Records, TrainingRecord[] Log);
}

using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>Training on the toy world's files, in the formats of the real data sets.</summary>
public sealed class StreamedTrainingTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Tasks() => [.. TinyFiles.Tasks];

    public void Dispose() => folder.Dispose();

    // Of the other tasks, with tokens reduced: RunTests.
    [Fact]
    public void A_run_that_was_stopped_ends_with_the_same_weights()
    {
        const string name = "retrieval";
        var whole = Train(name, "whole");
        Assert.All(whole.Losses, loss => Assert.True(double.IsFinite(loss)));
        var stopped = Train(name, "stopped", stopAt: (whole.Losses.Count / 2) + 1);
        Assert.NotEqual(whole.Weights, stopped.Weights);
        Assert.Equal(whole.Weights, Train(name, "stopped").Weights);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Without_augmentation_files_train_as_the_same_pixels_in_memory_do(string name)
    {
        using var streamed = new Disposing(TinyFiles.Streamed(name, toys.Data, TinyFiles.Plain));
        using var inMemory = new Disposing(TinyFiles.InMemory(name, toys.Data));
        var expected = new Trainer(inMemory.Task, Settings(name), Path.Combine(folder.Path, "memory")).Run();
        var actual = new Trainer(streamed.Task, Settings(name), Path.Combine(folder.Path, "files")).Run();
        Assert.All(expected.Records.Zip(actual.Records), pair => Assert.Equal(pair.First.Loss!.Value, pair.Second.Loss!.Value, 2e-3));
        Assert.Equal(expected.Records[^1].Validation!.Value, actual.Records[^1].Validation!.Value, 0.1);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_batch_that_is_repeated_is_learned(string name)
    {
        using var scope = NewDisposeScope();
        using var training = new Disposing(TinyFiles.Streamed(name, toys.Data, TinyFiles.Augmented));
        var optimizer = optim.AdamW(training.Task.Parameters().Select(p => p.Parameter), 3e-3);
        training.Task.Prepare(0, 100);
        var losses = new List<float>();
        for (var step = 0; step < 12; step++)
        {
            using var inner = NewDisposeScope();
            var loss = training.Task.Objective.Total(training.Task.Losses([1, 6, 9, 11]));
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }

        Assert.All(losses, loss => Assert.True(float.IsFinite(loss)));
        Assert.True(losses[^3..].Average() < 0.95 * losses[..3].Average(), string.Join(' ', losses));
    }

    [Fact]
    public void A_broken_image_ends_the_training_and_is_named()
    {
        using var broken = new TemporaryFolder();
        Toys.Copy(toys.Data, broken.Path);
        var image = Directory.GetFiles(Path.Combine(broken.Path, "coco", "train2014"), "*.jpg").Order().First();
        File.WriteAllText(image, "no image");
        using var training = new Disposing(TinyFiles.Streamed("caption", broken.Path, TinyFiles.Augmented));
        var error = Assert.Throws<InvalidDataException>(() => new Trainer(training.Task, Settings("caption"), folder.Path).Run());
        Assert.Contains(Path.GetFileName(image), error.Message, StringComparison.Ordinal);
    }

    private static TrainingSettings Settings(string name) => name == "vqa" ? TinyFiles.Settings : TinyFiles.Settings with { BatchSize = 15 };

    private (IReadOnlyList<double> Losses, Dictionary<string, float[]> Weights) Train(string name, string run, int? stopAt = null)
    {
        using var training = new Disposing(TinyFiles.Streamed(name, toys.Data, TinyFiles.Augmented));
        using var stop = new CancellationTokenSource();
        var result = new Trainer(training.Task, Settings(name), Path.Combine(folder.Path, run)).Run(progress =>
        {
            if (progress.Step == stopAt)
                stop.Cancel();
        }, resume: true, stop.Token);
        Assert.Equal(stopAt is null, result.Completed);
        return ([.. result.Records.Select(record => record.Loss!.Value)], TinyFiles.Weights(training.Task));
    }

    private sealed class Disposing(TrainingTask task) : IDisposable
    {
        public TrainingTask Task => task;

        public void Dispose() => (task as IDisposable)?.Dispose();
    }
}

using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using TorchSharp;

namespace Madtp.Kit.Tests.Tasks;

/// <summary>A small toy world on disk, made once for all tests that read it.</summary>
public sealed class Toys : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public Toys()
    {
        ToyWorld.MakePairs(folder.Path, World);
        ToyWorld.MakePictures(folder.Path, Captions);
    }

    public static ToyWorldSettings World { get; } = new(Seed: 3, TrainPairs: 40, DevPairs: 8, TestPairs: 60);

    public static ToyCaptionSettings Captions { get; } = new(Seed: 5, TrainImages: 12, DevImages: 4, TestImages: 14);

    public string Data => folder.Path;

    public string File(string name) => Path.Combine(folder.Path, name);

    /// <summary>The toy world's model before it is trained; equal seeds give equal weights.</summary>
    public static BlipNlvr NewNlvr2(long seed)
    {
        torch.manual_seed(seed);
        var model = new BlipNlvr(BlipConfig.Toy);
        ToyModels.Randomize(model);
        return model;
    }

    /// <summary>Copies a folder with all that is in it.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
        }
    }

    /// <summary>Scores until some batches are finished, as if it were killed then.</summary>
    public static void EvaluateAndStop(Run run, string step, int finished)
    {
        using var stop = new CancellationTokenSource();
        var progress = new Stopper(stop, step, finished);
        Xunit.Assert.ThrowsAny<OperationCanceledException>(() => (run with { Scoring = run.Scoring with { Progress = progress } }).Evaluate(cancellation: stop.Token));
    }

    /// <summary>Scoring of some weights on these files, into a folder; goes on with what is there.</summary>
    public Run Scoring(string task, string weights, string output, int batch) =>
        new(task, new TaskSettings { Checkpoint = weights, Data = Data }, output)
        {
            Scoring = new Scoring { BatchSize = batch },
            Resume = true,
        };

    public void Dispose() => folder.Dispose();

    private sealed class Stopper(CancellationTokenSource stop, string step, int finished) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value)
        {
            if (value.Step == step && value.Done >= finished)
                stop.Cancel();
        }
    }
}

/// <summary>Runs with other settings.</summary>
internal static class RunExtensions
{
    public static Run With(this Run run, Func<TaskSettings, TaskSettings> change) => run with { Settings = change(run.Settings) };

    public static Run Limited(this Run run, int limit) => run with { Scoring = run.Scoring with { Limit = limit } };
}

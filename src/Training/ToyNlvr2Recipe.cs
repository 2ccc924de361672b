using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>
/// How the toy model is trained. First the plain model, on answers and on two losses that only help: what each patch shows, and
/// how many of what a word names are there. Then, from those weights, MADTP at a budget, on answers and alignment.
/// </summary>
public sealed record ToyNlvr2Recipe
{
    /// <summary>Share of multiply-accumulates to fine-tune for; null trains the plain model.</summary>
    public double? MacShare { get; init; }

    /// <summary>Weights to begin with; null begins at random.</summary>
    public string? From { get; init; }

    /// <summary>How long and how fast.</summary>
    public required TrainingSettings Training { get; init; }

    /// <summary>What is trained.</summary>
    public required NlvrTaskSettings Task { get; init; }

    /// <summary>The data.</summary>
    public ToyWorldSettings World { get; init; } = new();

    /// <summary>The plain model's recipe.</summary>
    public static ToyNlvr2Recipe Plain { get; } = new()
    {
        Training = new TrainingSettings { Epochs = 18, LearningRate = 1e-3, WarmupSteps = 200, CheckpointEvery = 60 },
        Task = new NlvrTaskSettings { AlignmentWeight = 0, PatchWeight = 1, WordWeight = 1 },
    };

    /// <summary>The fine-tuning's recipe.</summary>
    /// <param name="macShare">Share of multiply-accumulates, between 0 and 1.</param>
    /// <param name="from">Weights to begin with; those that come with the kit if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not between 0 and 1.</exception>
    public static ToyNlvr2Recipe Reduced(double macShare, string? from = null)
    {
        if (macShare is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(macShare), macShare, "a share of multiply-accumulates lies between 0 and 1");
        }

        return new()
        {
            MacShare = macShare,
            From = from ?? ToyNlvr2.WeightsPath(),
            Training = new TrainingSettings { Epochs = 4, LearningRate = 3e-4, WarmupSteps = 50, CheckpointEvery = 60 },
            Task = new NlvrTaskSettings { MacShare = macShare },
        };
    }

    /// <summary>
    /// Trains, calibrates once more where there is a budget, scores the test split, and writes the weights into the folder.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with the folder's checkpoint.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    public ToyNlvr2Report? Run(string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var train = ToyNlvr2Pairs.Draw("train", World);
        using var dev = ToyNlvr2Pairs.Draw("dev", World);
        var model = From is null ? ToyNlvr2.Create(Training.Seed) : ToyNlvr2.Load(From).Model;
        using var task = new NlvrTask(model, train, dev, Task, patchClasses: ToyObject.Classes);
        var result = new Trainer(task, Training, folder).Run(progress, resume, cancellation);
        if (!result.Completed)
        {
            return null;
        }

        var calibration = MacShare is null ? null : task.Calibrate();
        using var test = ToyNlvr2Pairs.Draw("test1", World);
        var report = new ToyNlvr2Report(task.Evaluate(dev, "dev"), task.Evaluate(test, "test1"))
        {
            ShuffledImages = task.Evaluate(test, "test1", NlvrShuffle.Images),
            ShuffledText = task.Evaluate(test, "test1", NlvrShuffle.Text),
            Calibration = calibration,
        };
        var notes = new Dictionary<string, string>
        {
            ["seed"] = Training.Seed.ToString(CultureInfo.InvariantCulture),
            ["steps"] = result.Steps.ToString(CultureInfo.InvariantCulture),
            ["test_accuracy"] = report.Test.Accuracy.ToString("R", CultureInfo.InvariantCulture),
            ["test_mac_share"] = report.Test.MacShare.ToString("R", CultureInfo.InvariantCulture),
        };
        ToyNlvr2.Save(Path.Combine(folder, ToyNlvr2.FileName(MacShare)), model, task.Dial, notes);
        return report;
    }
}

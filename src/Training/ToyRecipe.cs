using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>
/// How a toy captioner or VQA model is trained. First the plain model, on its answers and on losses that only help: what each
/// patch shows, and how many of what a word names are there. Then, from those weights, MADTP at a budget, on answers and alignment.
/// </summary>
public sealed record ToyRecipe
{
    /// <summary>What the weights are called.</summary>
    public required string Name { get; init; }

    /// <summary>What an example is called.</summary>
    public required string Examples { get; init; }

    /// <summary>What accuracy is a share of.</summary>
    public required string Accuracy { get; init; }

    /// <summary>Opens the run: the model from a weights file or at random, its data and its task.</summary>
    public required Func<ToyRecipe, ToyRun> Begin { get; init; }

    /// <summary>Opens the run and prunes its model's parameters instead of training it: the smaller model for scoring, or null where the training was stopped.</summary>
    public required Func<ToyRecipe, UPopRun, ToyRun?> Compress { get; init; }

    /// <summary>Opens trained weights for scoring.</summary>
    public required Func<string, ToyRun> Open { get; init; }

    /// <summary>Weights to begin with; null begins a new model.</summary>
    public string? From { get; init; }

    /// <summary>How long and how fast.</summary>
    public required TrainingSettings Training { get; init; }

    /// <summary>What is trained.</summary>
    public required BudgetSettings Task { get; init; }

    /// <summary>How tokens are reduced where there is a budget; MADTP if null.</summary>
    public PruningMethod? Method { get; init; }

    /// <summary>The data.</summary>
    public ToyCaptionSettings World { get; init; } = new();

    /// <summary>The plain toy captioner's recipe.</summary>
    public static ToyRecipe Caption { get; } = new()
    {
        Name = ToyCaption.Name,
        Examples = "images",
        Accuracy = "captions that name all shapes right",
        Begin = ToyRun.Caption,
        Compress = ToyRun.CompressCaption,
        Open = ToyRun.OpenCaption,
        Training = new TrainingSettings { Epochs = 4, LearningRate = 1e-3, WarmupSteps = 100, CheckpointEvery = 100 },
        Task = new BudgetSettings { AlignmentWeight = 0, PatchWeight = 1 },
    };

    /// <summary>The plain toy VQA model's recipe.</summary>
    public static ToyRecipe Vqa { get; } = new()
    {
        Name = ToyVqa.Name,
        Examples = "questions",
        Accuracy = "VQA accuracy",
        Begin = ToyRun.Vqa,
        Compress = ToyRun.CompressVqa,
        Open = ToyRun.OpenVqa,
        Training = new TrainingSettings { Epochs = 8, LearningRate = 1e-3, WarmupSteps = 100, CheckpointEvery = 100 },
        Task = new BudgetSettings { AlignmentWeight = 0, PatchWeight = 1, WordWeight = 1 },
    };

    /// <summary>The fine-tuning's recipe.</summary>
    /// <param name="macShare">Share of multiply-accumulates, between 0 and 1.</param>
    /// <param name="from">Weights to begin with; those that come with the kit if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not between 0 and 1.</exception>
    public ToyRecipe Reduced(double macShare, string? from = null) => macShare is > 0 and < 1
        ? this with
        {
            From = from ?? WeightsPath(Name, null),
            Training = Training with { Epochs = 2, LearningRate = 3e-4, WarmupSteps = 50 },
            Task = new BudgetSettings { MacShare = macShare },
        }
        : throw new ArgumentOutOfRangeException(nameof(macShare), macShare, "a share of multiply-accumulates lies between 0 and 1");

    /// <summary>Where the weights that come with the kit are.</summary>
    /// <param name="name">What they are called.</param>
    /// <param name="macShare">Share of multiply-accumulates they were fine-tuned for; null for the plain model's.</param>
    public static string WeightsPath(string name, double? macShare) => ToyWeights.Path(name, macShare);

    /// <summary>What the weights' file is called.</summary>
    public string FileName => ToyWeights.FileName(Name, Task.MacShare);

    /// <summary>
    /// Trains, calibrates once more where there is a budget, scores the test split, and writes the weights into the folder.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with the folder's checkpoint.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    public ToyReport? Run(string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var run = Begin(this);
        var result = new Trainer(run.Task!, Training, folder).Run(progress, resume, cancellation);
        if (!result.Completed)
        {
            return null;
        }

        var calibration = Task.MacShare is null ? null : run.Task!.Calibrate();
        var report = new ToyReport(run.Task!.Validate(), run.Score("test", false), run.Score("test", true), calibration);
        Save(Path.Combine(folder, FileName), run.Model, run.Task.Dial, report, result.Steps);
        return report;
    }

    private void Save(string path, nn.Module model, double? dial, ToyReport report, int steps)
    {
        var notes = new Dictionary<string, string>
        {
            ["seed"] = Training.Seed.ToString(CultureInfo.InvariantCulture),
            ["steps"] = steps.ToString(CultureInfo.InvariantCulture),
            ["test_accuracy"] = report.Test.Accuracy.ToString("R", CultureInfo.InvariantCulture),
            ["test_mac_share"] = report.Test.MacShare.ToString("R", CultureInfo.InvariantCulture),
        };
        foreach (var (kind, score) in report.Test.ByKind)
        {
            notes[$"test_{kind.Replace(' ', '_')}"] = score.ToString("R", CultureInfo.InvariantCulture);
        }

        ToyWeights.Save(path, model, dial, notes);
    }
}

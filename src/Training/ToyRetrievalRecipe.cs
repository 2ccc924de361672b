using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>
/// How a toy retrieval model is trained. First the plain model, on pairs and on a loss that only helps: what each patch shows.
/// Then, from those weights, MADTP at a budget, on pairs and alignment alone.
/// </summary>
public sealed record ToyRetrievalRecipe
{
    /// <summary>What the weights are called.</summary>
    public required string Name { get; init; }

    /// <summary>Makes the model: from a weights file, or at random; by a seed.</summary>
    public required Func<string?, long, IRetriever> Begin { get; init; }

    /// <summary>Draws a split as the model reads it.</summary>
    public required Func<string, ToyCaptionSettings, CaptionedImages> Draw { get; init; }

    /// <summary>Weights to begin with; null begins at random.</summary>
    public string? From { get; init; }

    /// <summary>How long and how fast.</summary>
    public TrainingSettings Training { get; init; } = new() { Epochs = 3, LearningRate = 1e-3, WarmupSteps = 200, CheckpointEvery = 100 };

    /// <summary>What is trained.</summary>
    public RetrievalTaskSettings Task { get; init; } = new() { AlignmentWeight = 0, PatchWeight = 1 };

    /// <summary>The data.</summary>
    public ToyCaptionSettings World { get; init; } = new();

    /// <summary>The plain toy CLIP's recipe.</summary>
    public static ToyRetrievalRecipe Clip { get; } = new()
    {
        Name = ToyClip.Name,
        Begin = (from, seed) => new ClipRetriever(from is null ? ToyClip.Create(seed) : ToyClip.Continue(from, seed)),
        Draw = ToyCaptionedImages.DrawForClip,
    };

    /// <summary>The plain toy BLIP's recipe.</summary>
    public static ToyRetrievalRecipe Blip { get; } = new()
    {
        Name = ToyRetrieval.Name,
        Begin = (from, seed) => new BlipRetriever(from is null ? ToyRetrieval.Create(seed) : ToyRetrieval.Continue(from, seed), Rerank),
        Draw = ToyCaptionedImages.DrawForBlip,
    };

    /// <summary>How the toy BLIP re-ranks: 16 candidates.</summary>
    public static RerankOptions Rerank { get; } = new() { Candidates = 16 };

    /// <summary>The fine-tuning's recipe.</summary>
    /// <param name="macShare">Share of multiply-accumulates, between 0 and 1.</param>
    /// <param name="from">Weights to begin with; those that come with the kit if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not between 0 and 1.</exception>
    public ToyRetrievalRecipe Reduced(double macShare, string? from = null) => macShare is > 0 and < 1
        ? this with
        {
            From = from ?? WeightsPath(Name, null),
            Training = Training with { Epochs = 1, LearningRate = 3e-4, WarmupSteps = 50 },
            Task = new RetrievalTaskSettings { MacShare = macShare },
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
    public ToyRetrievalReport? Run(string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var train = Draw("train", World);
        using var validation = Draw("val", World);
        var retriever = Begin(From, Training.Seed);
        using var task = new RetrievalTask(retriever, train, validation, Task, patchClasses: ToyObject.Classes);
        var result = new Trainer(task, Training, folder).Run(progress, resume, cancellation);
        if (!result.Completed)
        {
            return null;
        }

        var calibration = Task.MacShare is null ? null : task.Calibrate();
        using var test = Draw("test", World);
        var report = new ToyRetrievalReport(task.Evaluate(validation, "val"), task.Evaluate(test, "test"), calibration);
        var notes = new Dictionary<string, string>
        {
            ["seed"] = Training.Seed.ToString(CultureInfo.InvariantCulture),
            ["steps"] = result.Steps.ToString(CultureInfo.InvariantCulture),
            ["test_mac_share"] = report.Test.MacShare.ToString("R", CultureInfo.InvariantCulture),
        };
        foreach (var (kind, recall) in report.Test.ByKind)
        {
            notes[$"test_{kind.Replace(' ', '_')}"] = recall.ToString("R", CultureInfo.InvariantCulture);
        }

        ToyWeights.Save(Path.Combine(folder, FileName), retriever.Module, task.Dial, notes);
        return report;
    }
}

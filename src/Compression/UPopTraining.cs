using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Training;
using TorchSharp;

namespace Madtp.Kit.Compression;

/// <summary>UPop from beginning to end: search with masks, extraction, training the smaller model again.</summary>
public sealed record UPopTraining
{
    /// <summary>Name of the file that the smaller model is written to between the two trainings.</summary>
    public const string ExtractedFile = "extracted.safetensors";

    /// <summary>The budget.</summary>
    public required UPopSettings Settings { get; init; }

    /// <summary>How the search trains.</summary>
    public required TrainingSettings Search { get; init; }

    /// <summary>How the smaller model is trained again.</summary>
    public required TrainingSettings Retraining { get; init; }

    /// <summary>Training examples whose cost the budget is a share of, the first of the split.</summary>
    public int CostPairs { get; init; } = 200;

    /// <summary>
    /// Compresses BLIP NLVR2. The folder holds a run of the trainer for each part (<c>search</c>, <c>retraining</c>) and the smaller
    /// model as it was cut out.
    /// </summary>
    /// <param name="model">The trained model; the search changes its weights.</param>
    /// <param name="train">Examples to train on.</param>
    /// <param name="validation">Examples to watch.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with what is in the folder.</param>
    /// <param name="progress">Told after every step, both parts counted as one.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The smaller model, in evaluation mode; null where the training was stopped.</returns>
    public BlipNlvr? Run(BlipNlvr model, INlvrPairs train, INlvrPairs validation, string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(train);
        Directory.CreateDirectory(folder);
        var extracted = Path.Combine(folder, ExtractedFile);
        if (!resume)
        {
            File.Delete(extracted);
        }

        var (searching, retraining) = (Steps(train, Search), Steps(train, Retraining));
        Action<TrainingProgress> Counted(int before) => step => progress?.Invoke(step with { Step = before + step.Step, TotalSteps = searching + retraining });

        if (!File.Exists(extracted) && !Searched(model, train, validation, Path.Combine(folder, "search"), extracted, resume, Counted(0), cancellation))
        {
            return null;
        }

        using var file = CheckpointFile.Open(extracted);
        var smaller = CompressedWeights.LoadNlvr(file, model.Config).to(Placement.DeviceOf(model));
        using var task = new NlvrTask(smaller, train, validation, Plain);
        var again = new Trainer(task, Retraining, Path.Combine(folder, "retraining")).Run(Counted(searching), resume, cancellation);
        smaller.eval();
        return again.Completed ? smaller : null;
    }

    // UPop trains on the task alone: no token is reduced, so nothing is aligned either.
    private static NlvrTaskSettings Plain { get; } = new() { AlignmentWeight = 0 };

    private bool Searched(BlipNlvr model, INlvrPairs train, INlvrPairs validation, string folder, string extracted, bool resume, Action<TrainingProgress> progress, CancellationToken cancellation)
    {
        var costs = UnitCosts.Of(model, [.. Enumerable.Range(0, Math.Min(CostPairs, train.Count)).Select(train.TextLength)]);
        using var task = new NlvrTask(model, train, validation, Plain);
        using var search = new UPopTask(task, model, costs, Settings);
        if (!new Trainer(search, Search, folder).Run(progress, resume, cancellation).Completed)
        {
            return false;
        }

        using var smaller = search.Extract();
        CompressedWeights.Save(extracted, smaller);
        return true;
    }

    private static int Steps(INlvrPairs train, TrainingSettings settings) => settings.Epochs * (train.Count / settings.BatchSize);
}

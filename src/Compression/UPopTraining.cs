using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Training;
using TorchSharp;
using static TorchSharp.torch;

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
    public int CostExamples { get; init; } = 200;

    /// <summary>Both parts trained alike, but that the search keeps its learning rate to the end, when most is taken out.</summary>
    /// <param name="settings">The budget.</param>
    /// <param name="each">How each part trains.</param>
    public static UPopTraining Of(UPopSettings settings, TrainingSettings each)
    {
        ArgumentNullException.ThrowIfNull(each);
        return new UPopTraining { Settings = settings, Search = each with { FinalLearningRate = each.LearningRate }, Retraining = each };
    }

    /// <summary>Steps of both trainings together.</summary>
    public int Steps(TrainingTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Steps(task, Search) + Steps(task, Retraining);
    }

    /// <summary>
    /// Compresses a model. The folder holds a run of the trainer for each part (<c>search</c>, <c>retraining</c>) and the smaller
    /// model as it was cut out.
    /// </summary>
    /// <param name="family">The kind of model.</param>
    /// <param name="model">The trained model; the search changes its weights.</param>
    /// <param name="begin">
    /// What the model, and then the smaller one, is trained on: its task alone, without a budget and without alignment, since no token
    /// is reduced. It is disposed here.
    /// </param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="resume">Goes on with what is in the folder.</param>
    /// <param name="progress">Told after every step, both parts counted as one.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The smaller model, in evaluation mode; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">The budget cannot be met by pruning inner widths, or the search is told to stop early.</exception>
    public TModel? Run<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, TModel model, Func<TModel, BudgetTask> begin, string folder, bool resume = false, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(begin);
        if (Search.StopAfterEpoch is not null || Search.StopAtAccuracy is not null)
        {
            throw new ArgumentException("the search takes out at its end what has almost no weight left, so it cannot be stopped before by an epoch or an accuracy");
        }

        Directory.CreateDirectory(folder);
        var extracted = Path.Combine(folder, ExtractedFile);
        if (!resume)
        {
            File.Delete(extracted);
        }

        int searching, steps;
        Action<TrainingProgress> Counted(int before) => step => progress?.Invoke(step with { Step = before + step.Step, TotalSteps = steps });

        using (var task = begin(model))
        {
            (searching, steps) = (Steps(task, Search), Steps(task));
            if (!File.Exists(extracted) && !Searched(family, model, task, Path.Combine(folder, "search"), extracted, resume, Counted(0), cancellation))
            {
                return null;
            }
        }

        using var file = CheckpointFile.Open(extracted);
        var smaller = CompressedWeights.Load(family, file, model.Config).to(Placement.DeviceOf(model));
        using var again = begin(smaller);
        var result = new Trainer(again, Retraining, Path.Combine(folder, "retraining")).Run(Counted(searching), resume, cancellation);
        smaller.eval();
        return result.Completed ? smaller : null;
    }

    private bool Searched<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, TModel model, BudgetTask task, string folder, string extracted, bool resume, Action<TrainingProgress> progress, CancellationToken cancellation)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        var costs = UnitCosts.Of(family, model, [.. Enumerable.Range(0, Math.Min(CostExamples, task.Examples)).Select(task.TextLength)]);
        using var search = new UPopTask<TModel, TSizes>(task, family, model, costs, Settings);
        if (!new Trainer(search, Search, folder).Run(progress, resume, cancellation).Completed)
        {
            return false;
        }

        using var smaller = search.Extract();
        CompressedWeights.Save(extracted, smaller);
        return true;
    }

    private static int Steps(TrainingTask task, TrainingSettings settings) => settings.Epochs * (task.Examples / settings.BatchSize);
}

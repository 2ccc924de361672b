using Madtp.Kit.Models;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>A compression that is to be run, for code that does not choose the model: how, where, and who is told.</summary>
/// <param name="Training">How.</param>
/// <param name="Folder">The run's folder.</param>
public sealed record UPopRun(UPopTraining Training, string Folder)
{
    /// <summary>Goes on with what is in the folder.</summary>
    public bool Resume { get; init; }

    /// <summary>Told after every step.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Stops after the step in hand.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Compresses a model.</summary>
    /// <inheritdoc cref="UPopTraining.Run{TModel, TSizes}"/>
    public TModel? Compress<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, TModel model, Func<TModel, BudgetTask> begin)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes> =>
        Training.Run(family, model, begin, Folder, Resume, Progress, Cancellation);
}

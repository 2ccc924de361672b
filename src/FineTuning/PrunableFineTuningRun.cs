using Madtp.Kit.Compression;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.FineTuning;

/// <summary>A fine-tuning that knows the kind of its model, so that parameters can be taken out of it.</summary>
internal abstract class PrunableFineTuningRun<TModel, TSizes>(FineTuningSettings settings, PrunableFamily<TModel, TSizes> family) : FineTuningRun(settings)
    where TModel : nn.Module, IPrunableModel<TSizes>
    where TSizes : class, IPrunableSizes<TSizes>
{
    /// <summary>The sizes of the model as it is trained.</summary>
    protected abstract TSizes Sizes { get; }

    /// <summary>What a model is trained on; the data is opened once.</summary>
    protected abstract BudgetTask Begin(TModel model);

    /// <inheritdoc/>
    protected override BudgetTask Begin() => Begin(Model());

    /// <inheritdoc/>
    public override (nn.Module Model, Evaluation Watched, int Steps)? Compress(UPopRun run)
    {
        if (run.Compress(family, Model(), Begin) is not { } smaller)
        {
            return null;
        }

        using var task = Begin(Owned(smaller));
        return (smaller, task.Validate(), run.Training.Steps(task));
    }

    private TModel Model() => Filled(() => family.Create(Sizes));
}

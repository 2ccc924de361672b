using Madtp.Kit.Data.Batching;
using Madtp.Kit.Models;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>
/// UPop's search (Shi et al., ICML 2023: unified and progressive pruning): trains a task while masks on all inner widths, attached to
/// its model, gather gradients and sink to zero where the unified ranking says so. When the trainer is done, <see cref="Extract"/>
/// cuts the smaller model out, which is then trained again as any other.
/// </summary>
/// <remarks>
/// Two things differ from the published code. The budget is one of multiply-accumulates by the ledger, so each unit weighs what it
/// costs rather than its parameters. And the sparsity term of the loss is left out: as the masks are set and not descended, it only
/// adds the same number to every gradient of a kind, which standardising takes away again.
/// </remarks>
/// <typeparam name="TModel">The model.</typeparam>
/// <typeparam name="TSizes">Its sizes.</typeparam>
public sealed class UPopTask<TModel, TSizes> : TrainingTask, IDisposable
    where TModel : nn.Module, IPrunableModel<TSizes>
    where TSizes : class, IPrunableSizes<TSizes>
{
    private readonly TrainingTask task;
    private readonly PrunableFamily<TModel, TSizes> family;
    private readonly TModel model;
    private readonly UnitCosts costs;
    private readonly UPopSettings settings;
    private readonly double remove;
    private readonly Tensor[] gathered;
    private bool finished;

    /// <summary>Attaches masks to the task's model; dispose to detach them.</summary>
    /// <param name="task">What is trained, without a budget of its own.</param>
    /// <param name="family">The kind of its model.</param>
    /// <param name="model">Its model.</param>
    /// <param name="costs">What the model's units cost.</param>
    /// <param name="settings">The budget.</param>
    /// <exception cref="ArgumentException">The share is not between 0 and 1, or cannot be met by pruning inner widths.</exception>
    public UPopTask(TrainingTask task, PrunableFamily<TModel, TSizes> family, TModel model, UnitCosts costs, UPopSettings settings)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(settings);
        (this.task, this.family, this.model, this.costs, this.settings) = (task, family, model, costs, settings);
        remove = Math.Max(0, costs.Whole - (settings.MacShare * costs.Dense));
        Check(model, costs, settings);
        Pruning = ParameterPruning.Attach(model);
        gathered = [.. Pruning.Masks.Select(mask => zeros_like(mask.Tensor.detach()).DetachFromDisposeScope())];
        Macs = costs.Whole;
    }

    /// <summary>The masks.</summary>
    public ParameterPruning Pruning { get; }

    /// <summary>Multiply-accumulates that would be left if all units were taken out whose masks are sinking.</summary>
    public double Macs { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => task.Modules;

    /// <inheritdoc/>
    public override int Examples => task.Examples;

    /// <inheritdoc/>
    public override bool ComparesExamples => task.ComparesExamples;

    /// <inheritdoc/>
    public override TrainingObjective Objective => task.Objective;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State =>
        task.State.Concat(Pruning.Masks.SelectMany((mask, i) => new[] { ($"{mask.Width.Name}.mask", mask.Tensor), ($"{mask.Width.Name}.gathered", gathered[i]) }));

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch) => task.Prepare(step, stepsPerEpoch);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => task.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples) => task.Losses(examples) with { Macs = Macs };

    /// <inheritdoc/>
    public override void AfterStep(int done, int totalSteps)
    {
        task.AfterStep(done, totalSteps);
        for (var i = 0; i < gathered.Length; i++)
        {
            Pruning.Masks[i].MoveGradient(gathered[i]);
        }

        var schedule = new UPopSchedule(totalSteps, settings.UpdateEvery);
        if (schedule.UpdatesAfter(done))
        {
            Update(schedule, done);
        }
    }

    /// <inheritdoc/>
    public override void Restored(int done, int totalSteps)
    {
        task.Restored(done, totalSteps);
        finished = done == totalSteps;
        Macs = costs.Whole - Pruning.Masks.Select((mask, i) => mask.Values().Count(value => value != 1) * costs.PerUnit[i]).Sum();
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => task.Validate();

    /// <summary>The smaller model, within the budget.</summary>
    /// <exception cref="InvalidOperationException">The search is not done.</exception>
    public TModel Extract() => finished
        ? ModelExtraction.Extract(family, model, Pruning)
        : throw new InvalidOperationException("the search has not come to its end, so the masks are not zero yet where they are to be");

    /// <summary>Detaches the masks; the task itself stays.</summary>
    public void Dispose()
    {
        Pruning.Dispose();
        foreach (var sum in gathered)
        {
            sum.Dispose();
        }
    }

    private void Update(UPopSchedule schedule, int done)
    {
        var chosen = UPopRanking.Choose(
            [.. Pruning.Masks.Select((mask, i) => new UnitScores(mask.Width.Kind, WidthMask.Read(gathered[i]), costs.PerUnit[i]))],
            remove * schedule.Progress(done));
        var value = (float)schedule.MaskValue(done);
        for (var i = 0; i < chosen.Count; i++)
        {
            Pruning.Masks[i].Set([.. chosen[i].Select(goes => goes ? value : 1f)]);
        }

        Macs = costs.Whole - chosen.Select((units, i) => units.Count(goes => goes) * costs.PerUnit[i]).Sum();
        finished = done == schedule.Steps;
    }

    private static void Check(TModel model, UnitCosts costs, UPopSettings settings)
    {
        if (settings.MacShare is not (> 0 and < 1))
        {
            throw new ArgumentException($"a share of multiply-accumulates lies between 0 and 1, not at {settings.MacShare}", nameof(settings));
        }

        var least = costs.Whole - model.PrunableWidths.Select((width, i) => (width.Part.Units - 1) * costs.PerUnit[i]).Sum();
        if (settings.MacShare * costs.Dense < least)
        {
            throw new ArgumentException($"the budget is {settings.MacShare:P1} of the multiply-accumulates, but with every width pruned to one unit {least / costs.Dense:P1} are left: all but the inner widths of attention and feed-forward parts (patches, norms, merges, heads) are not pruned", nameof(settings));
        }
    }
}

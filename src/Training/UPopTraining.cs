using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>UPop from beginning to end: search with masks, extraction, training the smaller model again.</summary>
/// <param name="Each">How both parts are trained; the search keeps its learning rate to the end, when most goes.</param>
public sealed record UPopTraining(UPopSettings Settings, TrainingSettings Each)
{
    /// <summary>Name of the file that the smaller model is written to between the two trainings.</summary>
    public const string ExtractedFile = "extracted.safetensors";

    private const int CostExamples = 200; // the first of the training split; the budget is a share of what they cost

    /// <summary>Steps of both trainings together.</summary>
    internal int Steps(TrainingTask task) => 2 * Each.Epochs * (task.Examples / Each.BatchSize);

    /// <summary>Compresses a task's model. The folder holds a run of the trainer for each part (<c>search</c>, <c>retraining</c>)
    /// and the smaller model as it was cut out.</summary>
    /// <param name="task">The task alone, without a budget and without alignment. The search changes the model's weights.</param>
    /// <param name="resume">Goes on with what is in the folder.</param>
    /// <param name="progress">Told after every step, both parts counted as one.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The same task with the smaller model, in evaluation mode; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">The budget cannot be met, or the search is told to stop early.</exception>
    public ModelTask? Run(
        ModelTask task, string folder, bool resume = false, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        Guard.Argument(Each.StopAfterEpoch is null && Each.StopAtAccuracy is null,
            $"the search takes out at its end what has almost no weight left, so it cannot be stopped before by an epoch or an "
            + $"accuracy");
        Directory.CreateDirectory(folder);
        var extracted = Path.Combine(folder, ExtractedFile);
        if (!resume)
            Ranks.First(() => File.Delete(extracted));

        var steps = Steps(task);
        bool Trained(TrainingTask part, TrainingSettings settings, string name, int before) =>
            new Trainer(part, settings, Path.Combine(folder, name)).Run(step => progress?.Invoke(
                step with { Step = before + step.Step, TotalSteps = steps }), resume, cancellation).Completed;
        if (!File.Exists(extracted))
        {
            int[] lengths = [.. Enumerable.Range(0, Math.Min(CostExamples, task.Examples)).Select(task.TextLength)];
            var each = RunCosts.Of(task.Model);
            using var search = new UPopTask(task, UnitCosts.Of(task.Model, widths => each.Mean(lengths, widths)), Settings);
            if (!Trained(search, Each with { FinalLearningRate = Each.LearningRate }, "search", before: 0))
                return null;

            using var found = search.Extract();
            Ranks.First(() => SafetensorsWriter.Write(extracted, found.state_dict()));
        }

        using var file = CheckpointFile.Open(extracted);
        var smaller = CompressedWeights.Load(ModelExtraction.New(task.Model), file).to(Placement.DeviceOf(task.Model));
        var again = task.With(smaller);
        var isDone = Trained(again, Each, "retraining", before: steps / 2);
        smaller.eval();
        return isDone ? again : null;
    }
}

/// <summary>UPop's search (Shi et al., ICML 2023: unified and progressive pruning): trains a task while masks on all inner
/// widths, attached to its model, gather gradients and sink to zero where the unified ranking says so. When the trainer is done,
/// <see cref="Extract"/> cuts the smaller model out, which is then trained again as any other.</summary>
/// <remarks>Two things differ from the published code. The budget is one of multiply-accumulates by the ledger, so each unit
/// weighs what it costs rather than its parameters. And the sparsity term of the loss is left out: as the masks are set and not
/// descended, it only adds the same number to every gradient of a kind, which standardising takes away again.</remarks>
public sealed class UPopTask : TrainingTask, IDisposable
{
    private readonly ModelTask task;
    private readonly UnitCosts costs;
    private readonly UPopSettings settings;
    private readonly double remove;
    private readonly Tensor[] gathered;
    private bool finished;

    /// <summary>Attaches masks to the task's model; dispose to detach them.</summary>
    /// <param name="task">What is trained, without a budget of its own.</param>
    /// <exception cref="ArgumentException">The share is not in (0, 1), or inner widths cannot meet it.</exception>
    public UPopTask(ModelTask task, UnitCosts costs, UPopSettings settings)
    {
        (this.task, this.costs, this.settings) = (task, costs, settings);
        remove = Math.Max(0, costs.Whole - (settings.MacShare * costs.Dense));
        Check(task.Model, costs, settings);
        Pruning = ParameterPruning.Attach(task.Model);
        gathered = [.. Pruning.Masks.Select(mask => zeros_like(mask.Tensor.detach()).DetachFromDisposeScope())];
        Macs = costs.Whole;
    }

    public ParameterPruning Pruning { get; }

    /// <summary>Multiply-accumulates that would be left if all units were taken out whose masks are sinking.</summary>
    public double Macs { get; private set; }

    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => task.Modules;

    public override int Examples => task.Examples;

    public override bool ComparesExamples => task.ComparesExamples;

    public override string? Indivisible => task.Indivisible;

    public override IEnumerable<Tensor> Leaves => Pruning.Masks.Select(mask => mask.Tensor);

    public override TrainingObjective Objective => task.Objective;

    public override IEnumerable<(string Name, Tensor Tensor)> State =>
        task.State.Concat(Pruning.Masks.SelectMany(
            (mask, i) => new[] { ($"{mask.Width.Name}.mask", mask.Tensor), ($"{mask.Width.Name}.gathered", gathered[i]) }));

    public override void Prepare(int step, int stepsPerEpoch) => task.Prepare(step, stepsPerEpoch);

    public override void Prefetch(IEnumerable<PlannedBatch> plan) => task.Prefetch(plan);

    public override StepLosses Losses(ReadOnlySpan<int> examples) => task.Losses(examples) with { Macs = Macs };

    public override void AfterStep(int done, int totalSteps)
    {
        task.AfterStep(done, totalSteps);
        for (var i = 0; i < gathered.Length; i++)
            Pruning.Masks[i].MoveGradient(gathered[i]);

        var schedule = new UPopSchedule(totalSteps, settings.UpdateEvery);
        if (schedule.UpdatesAfter(done))
            Update(schedule, done);
    }

    public override void Restored(int done, int totalSteps)
    {
        task.Restored(done, totalSteps);
        finished = done == totalSteps;
        Macs = costs.Whole - Pruning.Masks.Select((mask, i) => mask.Values().Count(value => value != 1) * costs.PerUnit[i]).Sum();
    }

    public override Evaluation Validate() => task.Validate();

    /// <summary>The smaller model, within the budget.</summary>
    /// <exception cref="InvalidOperationException">The search is not done.</exception>
    public nn.Module Extract()
    {
        Guard.State(finished, $"the search has not come to its end, so the masks are not zero yet where they are to be");
        return ModelExtraction.Extract(task.Model, Pruning);
    }

    /// <summary>Detaches the masks; the task itself stays.</summary>
    public void Dispose()
    {
        Pruning.Dispose();
        Array.ForEach(gathered, sum => sum.Dispose());
    }

    private void Update(UPopSchedule schedule, int done)
    {
        float[][] sums = [.. gathered.Select(WidthMask.Read)];
        if (Array.FindIndex(sums, sum => !sum.All(float.IsFinite)) is >= 0 and var odd)
        {
            throw new NotFiniteNumberException(
                $"at step {done} the gradient of the mask on {Pruning.Masks[odd].Width.Name} is not finite");
        }

        var chosen = UPopRanking.Choose(
            [.. Pruning.Masks.Select((mask, i) => new UnitScores(mask.Width.IsFeedForward, sums[i], costs.PerUnit[i]))],
            remove * schedule.Progress(done));
        var value = (float)(1 - schedule.Progress(done));
        for (var i = 0; i < chosen.Count; i++)
            Pruning.Masks[i].Set([.. chosen[i].Select(goes => goes ? value : 1f)]);

        Macs = costs.Whole - chosen.Select((units, i) => units.Count(goes => goes) * costs.PerUnit[i]).Sum();
        finished = done == schedule.Steps;
    }

    private static void Check(nn.Module model, UnitCosts costs, UPopSettings settings)
    {
        Guard.Argument(settings.MacShare is > 0 and < 1,
            $"a share of multiply-accumulates lies between 0 and 1, not at {settings.MacShare}", nameof(settings));
        var least = costs.Whole - PrunableWidth.Of(model).Select((width, i) => (width.Units - 1) * costs.PerUnit[i]).Sum();
        Guard.Argument(settings.MacShare * costs.Dense >= least,
            $"the budget is {settings.MacShare:P1} of the multiply-accumulates, but with every width pruned to one unit "
            + $"{least / costs.Dense:P1} are left: all but the inner widths of attention and feed-forward parts "
            + $"(patches, norms, merges, heads) are not pruned", nameof(settings));
    }
}

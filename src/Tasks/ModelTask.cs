using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>One of the paper's tasks: it opens its splits, gives the loss, answers, scores and counts what that cost. The same
/// object trains and scores. Without a budget its reduction only gathers the features of the alignment loss; with one it takes
/// tokens out, and its strength (temperature or keep ratio) is calibrated again and again while the weights move.</summary>
public abstract class ModelTask : TrainingTask, IDisposable
{
    private static readonly Dictionary<string, Func<TaskSettings, CheckpointFile?, ModelTask>> Openers = new()
    {
        ["nlvr2"] = NlvrTask.Open,
        ["clip"] = RetrievalTask.OpenClip,
        ["retrieval"] = RetrievalTask.OpenBlip,
        ["caption"] = CaptionTask.Open,
        ["vqa"] = VqaTask.Open,
    };

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    protected ModelTask(IReducibleModel model, TaskSettings settings)
    {
        (Model, Settings, Costs) = ((nn.Module)model, settings, RunCosts.Of((nn.Module)model));
        Reduction = TokenReduction.Attach(model, settings.Reduction.Policy(1));
        Reduction.Enabled = (settings.ReduceRatio ?? settings.Strength) is not null;
        Reduction.GatherFeatures = settings.Learns && settings.AlignmentWeight != 0;
        if (settings.Strength is { } strength)
            settings.Reduction.Turn(Reduction, strength);
    }

    public static IReadOnlyList<string> Names => [.. Openers.Keys];

    public TaskSettings Settings { get; }

    /// <summary>The settings of a task whose model is pruned otherwise than by tokens.</summary>
    private protected TaskSettings Unreduced => Settings with { ReduceRatio = null, Strength = null, AlignmentWeight = 0 };

    /// <summary>The split that is scored where none is named.</summary>
    public virtual string TestSplit => "test";

    /// <summary>The split that is watched while training.</summary>
    public virtual string ValidationSplit => "val";

    public nn.Module Model { get; }

    /// <summary>The files whose content decides the result, beside the checkpoint; none of the toy world.</summary>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public IEnumerable<string> Inputs(params IEnumerable<string> splits) => Files?.Invoke(splits) ?? [];

    /// <summary>Finds the files of some splits, and what else decides the result.</summary>
    internal Func<IEnumerable<string>, IEnumerable<string>>? Files { get; init; }

    /// <summary>Opens a task.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is no such task, or a setting is impossible.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the task.</exception>
    public static ModelTask Open(string name, TaskSettings settings)
    {
        var (method, given) = (settings.Reduction, settings.StrengthIs);
        Guard.Argument(given is null || given == method.StrengthIs,
            $"{method.Name} has a {method.StrengthIs}, not a {given}: give "
            + $"{(given == PruningMethod.KeepRatio ? "--temperature" : "--keep")}, or --reduce");
        Guard.Argument(settings.ReduceRatio is null or (> 0 and < 1),
            $"a reduce ratio lies between 0 and 1, not at {settings.ReduceRatio}");
        var open = Openers.GetValueOrDefault(name)
            ?? throw new ArgumentException($"no task '{name}'; there are {string.Join(", ", Names)}", nameof(name));
        using var checkpoint = settings.Checkpoint is { } path ? CheckpointFile.Open(path) : null;
        Guard.Argument(checkpoint is not null || (settings.Data is null && settings.Learns), $"name the weights to begin with");
        return open(settings, checkpoint);
    }

    public override TrainingObjective Objective => new(Settings.AlignmentWeight, AuxiliaryWeight: 1);

    public override bool ComparesExamples => Settings.AlignmentWeight != 0
        && Settings.Guidance is GuidanceTraining.ShuffledTexts or GuidanceTraining.Negatives;

    public override string? Indivisible => Settings.Dropout == 0 ? null
        : this is VqaTask ? "dropout is drawn for answers, whose number differs from part to part"
        : Active is null ? null : "dropout is drawn for the tokens that are left, whose number differs from part to part";

    public override double? Strength
    {
        get => Reduction.Enabled ? Reduction.Temperature : null;
        set => Settings.Reduction.Turn(Reduction, value ?? Reduction.Temperature);
    }

    /// <summary>The newest calibration; null before the first.</summary>
    public CalibrationResult? Calibration { get; private set; }

    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => [("model", Model), .. Heads?.Modules ?? []];

    /// <summary>Heads of losses that only help.</summary>
    private protected virtual TrainingHeads? Heads => null;

    protected RunCosts Costs { get; }

    protected TokenReduction Reduction { get; }

    /// <summary>The attached reduction where it takes tokens out, else null.</summary>
    protected TokenReduction? Active => Reduction.Enabled ? Reduction : null;

    /// <summary>The epoch of the step in hand, from 0.</summary>
    protected int Epoch { get; private set; }

    protected Device Device => Model.parameters().First().device;

    public override void Prepare(int step, int stepsPerEpoch)
    {
        Epoch = step / stepsPerEpoch;
        var every = Math.Max(1, stepsPerEpoch / Settings.CalibrationsPerEpoch);
        if (Settings.ReduceRatio is not null && step % stepsPerEpoch % every == 0)
            Calibrate();
    }

    /// <summary>Sets the strength to what meets the budget on the calibration examples.</summary>
    /// <exception cref="InvalidOperationException">The task has no budget.</exception>
    public CalibrationResult Calibrate()
    {
        Guard.State(Settings.ReduceRatio is not null, $"nothing is reduced in this training, so there is nothing to calibrate");
        if (Calibration is not null && Settings.Reduction.StrengthIs == PruningMethod.KeepRatio)
        {
            return Calibration; // what a keep ratio costs does not move with the weights
        }

        Model.eval();
        var dense = CalibrationCost(reduced: false);
        return Calibrated(WithoutFeatures(() => BudgetSearch.Find(
            strength =>
            {
                Settings.Reduction.Turn(Reduction, strength);
                return CalibrationCost(reduced: true);
            },
            (1 - Settings.ReduceRatio.Value) * dense,
            Settings.Reduction.Range) with { Dense = dense, StrengthIs = Settings.Reduction.StrengthIs }));
    }

    /// <summary>Takes over what a calibration found.</summary>
    internal CalibrationResult Calibrated(CalibrationResult found)
    {
        Settings.Reduction.Turn(Reduction, found.Value);
        return Calibration = found;
    }

    public override Evaluation Validate() => Evaluate(ValidationSplit);

    /// <summary>Scores the model as it is now on a split, reduced where the task has a budget or a strength.</summary>
    /// <param name="scoring">How; all of it if null.</param>
    public Evaluation Evaluate(string split, Scoring? scoring = null)
    {
        Model.eval();
        var scores = WithoutFeatures(() => Score(split, scoring ?? new Scoring()));
        return scores with
        {
            Calibration = Calibration, StrengthIs = scores.Strength is null ? null : Settings.Reduction.StrengthIs,
        };
    }

    /// <summary>The split that is to be scored; the usual one if null.</summary>
    internal string? ScoredSplit { get; set; }

    /// <summary>Whether a sample's tokens depend on those that are computed with it.</summary>
    internal bool SharesCounts => Active is { Policy: { Layout: not BatchLayout.PerInstance } or { Keep: SharedCountRule } };

    /// <summary>Whether the method needs alignment guidance and the model, never trained for token reduction, has none.</summary>
    internal bool LacksGuidance => Reduction.Policy.NeedsAlignment
        && ((IReducibleModel)Model).ReducibleEncoders.All(encoder => encoder.SpaceDict is null);

    /// <summary>Adds what else the results on a split depend on.</summary>
    internal virtual void Identify(RunIdentity identity, string split)
    {
    }

    /// <summary>Tokens of a training example's text, padding left out.</summary>
    public abstract int TextLength(int example);

    /// <summary>The same task for another model of the kind, which keeps all tokens and learns from answers alone.</summary>
    public abstract ModelTask With(nn.Module other);

    /// <summary>Detaches the method, and frees the heads and what the task opened.</summary>
    public virtual void Dispose()
    {
        Reduction.Dispose();
        foreach (var (_, head) in Heads?.Modules ?? [])
            head.Dispose();
    }

    /// <summary>Scores a split of a model in evaluation mode.</summary>
    protected abstract Evaluation Score(string split, Scoring scoring);

    /// <summary>Mean multiply-accumulates of a calibration example, as the attached reduction leaves it or plain.</summary>
    protected abstract double CalibrationCost(bool reduced);

    /// <summary>The losses with the tokens and multiply-accumulates of the step's first pass, where it was recorded.</summary>
    /// <param name="trace">The record; null where nothing is reduced.</param>
    /// <param name="textLengths">Tokens of each text, padding left out.</param>
    private protected StepLosses Recorded(StepLosses losses, ReductionTrace? trace, IReadOnlyList<int> textLengths)
    {
        if (trace is null)
            return losses;

        // Tokens that leave the last layer of the first encoder of a kind, mean over the batch.
        double? Left(Modality kind) =>
            ((IReducibleModel)Model).ReducibleEncoders.FirstOrDefault(one => one.Modality == kind) is { } encoder
            ? trace.Of(encoder.Name).FirstOrDefault(step => step.Layer == encoder.Blocks.Count - 1)?.TokensPerSample.Average()
            : null;
        return losses with
        {
            ImageTokens = Left(Modality.Image),
            TextTokens = Left(Modality.Text),
            Macs = Costs.PerPair(trace, textLengths).Average(),
        };
    }

    /// <summary>How many words of targets <c>[B, N]</c> are counted.</summary>
    private protected static double Words(Tensor targets)
    {
        using var scope = NewDisposeScope();
        return targets.slice(1, 1, targets.shape[1], 1).ge(0).sum().item<long>();
    }

    /// <summary>Share of counted words that are foretold right: scores <c>[B, N, V]</c> against targets <c>[B, N]</c>.</summary>
    protected static Tensor WordsRight(Tensor logits, Tensor targets)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var wanted = targets.slice(1, 1, targets.shape[1], 1);
        var counted = wanted.ge(0);
        var right = logits.slice(1, 0, logits.shape[1] - 1, 1).argmax(2).eq(wanted).logical_and(counted);
        return (right.to(float32).sum() / counted.to(float32).sum()).MoveToOuterDisposeScope();
    }

    // Scoring and calibration need no features for the alignment loss.
    private T WithoutFeatures<T>(Func<T> run)
    {
        var gathers = Reduction.GatherFeatures;
        Reduction.GatherFeatures = false;
        try
        {
            return run();
        }
        finally
        {
            Reduction.GatherFeatures = gathers;
        }
    }
}

using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>
/// One of the paper's tasks: it opens its splits, gives the loss, answers, scores and counts what that cost. The same object trains and
/// scores. Without a budget its reduction only gathers the features of the alignment loss; with one it takes tokens out, and its dial
/// (temperature or keep ratio) is calibrated again and again while the weights move.
/// </summary>
public abstract class ModelTask : TrainingTask, IDisposable
{
    private static readonly Dictionary<string, Func<TaskSettings, ModelTask>> Openers = new(StringComparer.Ordinal)
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
        ArgumentNullException.ThrowIfNull(settings);
        Settings = settings;
        Reduction = TokenReduction.Attach(model, settings.Reduction.Policy(1));
        Reduction.Enabled = (settings.ReduceRatio ?? settings.Dial) is not null;
        Reduction.GatherFeatures = settings.Learns && settings.AlignmentWeight != 0;
        if (settings.Dial is { } dial)
        {
            settings.Reduction.Turn(Reduction, dial);
        }
    }

    /// <summary>The tasks by name.</summary>
    public static IReadOnlyList<string> Names => [.. Openers.Keys];

    /// <summary>What the task was opened with.</summary>
    public TaskSettings Settings { get; }

    /// <summary>The settings of a task whose model is pruned otherwise than by tokens.</summary>
    private protected TaskSettings Unreduced => Settings with { ReduceRatio = null, Dial = null, AlignmentWeight = 0 };

    /// <summary>What the command line calls the task.</summary>
    public abstract string Name { get; }

    /// <summary>What one example is to the costs.</summary>
    public abstract string CostOf { get; }

    /// <summary>The split that is scored where none is named.</summary>
    public virtual string TestSplit => "test";

    /// <summary>The model.</summary>
    public abstract nn.Module Model { get; }

    /// <summary>The files whose content decides the result, beside the checkpoint; none of the toy world.</summary>
    /// <param name="splits">The splits that are read.</param>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public abstract IEnumerable<string> Inputs(params IEnumerable<string> splits);

    /// <summary>Opens a task.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="settings">With what.</param>
    /// <exception cref="ArgumentException">There is no such task, or a setting is impossible.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the task.</exception>
    public static ModelTask Open(string name, TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.DialIs is { } given && given != settings.Reduction.Dial)
        {
            throw new ArgumentException($"{settings.Reduction.Name} has a {settings.Reduction.Dial}, not a {given}: give "
                + $"{(given == PruningMethod.KeepRatio ? "--temperature" : "--keep")}, or --reduce");
        }

        return settings.ReduceRatio is not (null or (> 0 and < 1))
            ? throw new ArgumentException(FormattableString.Invariant($"a reduce ratio lies between 0 and 1, not at {settings.ReduceRatio}"))
            : Openers.TryGetValue(name, out var open) ? open(settings) : throw new ArgumentException($"no task '{name}'; there are {string.Join(", ", Names)}", nameof(name));
    }

    /// <inheritdoc/>
    public override TrainingObjective Objective => new(Settings.AlignmentWeight, AuxiliaryWeight: 1);

    /// <inheritdoc/>
    public override double? Dial
    {
        get => Reduction.Enabled ? Reduction.Temperature : null;
        set => Settings.Reduction.Turn(Reduction, value ?? Reduction.Temperature);
    }

    /// <summary>The newest calibration; null before the first.</summary>
    public CalibrationResult? Calibration { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [("model", Model), .. Heads.Select(head => (head.Name, (nn.Module)head.Module))];

    /// <summary>Heads of losses that only help, by their names in checkpoints.</summary>
    private protected virtual IEnumerable<(string Name, nn.Module Module)> Heads => [];

    /// <summary>The attached reduction.</summary>
    protected TokenReduction Reduction { get; }

    /// <summary>The attached reduction where it takes tokens out, else null.</summary>
    protected TokenReduction? Active => Reduction.Enabled ? Reduction : null;

    /// <summary>The epoch of the step in hand, from 0.</summary>
    protected int Epoch { get; private set; }

    /// <summary>Where the model computes.</summary>
    protected Device Device => Model.parameters().First().device;

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch)
    {
        Epoch = step / stepsPerEpoch;
        var every = Math.Max(1, stepsPerEpoch / Settings.CalibrationsPerEpoch);
        if (Settings.ReduceRatio is not null && step % stepsPerEpoch % every == 0)
        {
            Calibrate();
        }
    }

    /// <summary>Sets the dial to what meets the budget on the calibration examples.</summary>
    /// <exception cref="InvalidOperationException">The task has no budget.</exception>
    public CalibrationResult Calibrate()
    {
        if (Settings.ReduceRatio is not { } ratio)
        {
            throw new InvalidOperationException("nothing is reduced in this training, so there is nothing to calibrate");
        }

        if (Calibration is not null && Settings.Reduction.Dial == PruningMethod.KeepRatio)
        {
            return Calibration; // what a keep ratio costs does not move with the weights
        }

        Model.eval();
        return Calibrated(WithoutFeatures(() => BudgetSearch.Find(
            dial =>
            {
                Settings.Reduction.Turn(Reduction, dial);
                return CalibrationCost(Reduction).Macs;
            },
            (1 - ratio) * CalibrationCost(null).Dense,
            Settings.Reduction.Range) with { Dense = CalibrationCost(null).Dense, Dial = Settings.Reduction.Dial }));
    }

    /// <summary>Takes over what a calibration found.</summary>
    internal CalibrationResult Calibrated(CalibrationResult found)
    {
        Settings.Reduction.Turn(Reduction, found.Value);
        return Calibration = found;
    }

    /// <summary>Scores the model as it is now on a split, reduced where the task has a budget or a dial.</summary>
    /// <param name="split">The split's name.</param>
    /// <param name="scoring">How; all of it if null.</param>
    public Evaluation Evaluate(string split, Scoring? scoring = null)
    {
        Model.eval();
        return WithoutFeatures(() => Score(split, scoring ?? new Scoring())) with { Calibration = Calibration };
    }

    /// <summary>The split that is to be scored; the usual one if null.</summary>
    internal string? ScoredSplit { get; set; }

    /// <summary>Whether the model has no alignment guidance, as a published checkpoint that was never trained for token reduction.</summary>
    internal bool LacksGuidance => Reduction.Policy.NeedsAlignment && ((IReducibleModel)Model).ReducibleEncoders.All(encoder => encoder.SpaceDict is null);

    /// <summary>Adds what else the results on a split depend on.</summary>
    internal virtual void Identify(RunIdentity identity, string split)
    {
    }

    /// <summary>Tokens of a training example's text, padding left out.</summary>
    public abstract int TextLength(int example);

    /// <summary>The same task on the same data for another model of the kind, which keeps all tokens and is trained on the answers alone.</summary>
    public abstract ModelTask With(nn.Module other);

    /// <inheritdoc/>
    public void Dispose()
    {
        Reduction.Dispose();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the heads and what the task opened.</summary>
    protected virtual void Dispose(bool disposing)
    {
        foreach (var (_, head) in Heads)
        {
            head.Dispose();
        }
    }

    /// <summary>Scores a split of a model in evaluation mode.</summary>
    protected abstract Evaluation Score(string split, Scoring scoring);

    /// <summary>Multiply-accumulates of the calibration examples, means: as reduced, and as plain; without a reduction the plain ones twice.</summary>
    protected abstract (double Macs, double Dense) CalibrationCost(TokenReduction? reduction);

    /// <summary>Mean tokens that leave an encoder's last layer, or null where nothing was recorded.</summary>
    protected static double? LastOf(ReductionTrace? trace, string encoder) =>
        trace?.Of(encoder) is [.., var last] ? last.TokensPerSample.Average() : null;

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

/// <summary>A task whose splits are of one type, each opened once.</summary>
/// <typeparam name="TSplit">A split as the model reads it.</typeparam>
/// <param name="model">The model, on the device that it computes on.</param>
/// <param name="settings">What is trained and scored.</param>
/// <param name="open">Opens a split.</param>
public abstract class ModelTask<TSplit>(IReducibleModel model, TaskSettings settings, Func<string, TSplit> open) : ModelTask(model, settings)
    where TSplit : class, IDisposable
{
    private readonly Dictionary<string, TSplit> opened = [];

    /// <summary>What is learned.</summary>
    protected TSplit Train => Split("train");

    /// <summary>A split by its name.</summary>
    /// <exception cref="FileNotFoundException">A file of it is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file of it is malformed.</exception>
    protected internal TSplit Split(string name)
    {
        if (!opened.TryGetValue(name, out var split))
        {
            opened[name] = split = open(name);
        }

        return split;
    }

    /// <summary>The split to calibrate on: what is learned, or what is scored where that is absent.</summary>
    protected TSplit Calibrating
    {
        get
        {
            try
            {
                return Train;
            }
            catch (FileNotFoundException) when (!Settings.Learns)
            {
                return Split(ScoredSplit ?? TestSplit);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        foreach (var split in OwnsSplits ? opened.Values.ToArray() : [])
        {
            split.Dispose();
        }
    }

    /// <summary>False for a task that shares another's splits.</summary>
    internal bool OwnsSplits { get; init; } = true;
}

using Madtp.Kit.Models;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>
/// A task that trains a reducible model. Without a budget its reduction only gathers the features of the alignment loss; with one
/// it takes tokens out, and its dial (temperature or keep ratio) is calibrated again and again while the weights move.
/// </summary>
public abstract class BudgetTask : TrainingTask, IDisposable
{
    private readonly BudgetSettings settings;
    private readonly PruningMethod method;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    protected BudgetTask(IReducibleModel model, BudgetSettings settings, PruningMethod? method)
    {
        ArgumentNullException.ThrowIfNull(settings);
        this.settings = settings;
        this.method = method ?? PruningMethod.Madtp;
        Reduction = TokenReduction.Attach(model, this.method.Policy(1));
        Reduction.Enabled = settings.MacShare is not null;
        Reduction.GatherFeatures = settings.AlignmentWeight != 0;
    }

    /// <inheritdoc/>
    public override TrainingObjective Objective => new(settings.AlignmentWeight, AuxiliaryWeight: 1);

    /// <inheritdoc/>
    public override double? Dial
    {
        get => Reduction.Enabled ? Reduction.Temperature : null;
        set => method.Turn(Reduction, value ?? Reduction.Temperature);
    }

    /// <summary>The newest calibration; null before the first.</summary>
    public CalibrationResult? Calibration { get; private set; }

    /// <summary>The attached reduction.</summary>
    protected TokenReduction Reduction { get; }

    /// <summary>The attached reduction where it takes tokens out, else null.</summary>
    protected TokenReduction? Active => Reduction.Enabled ? Reduction : null;

    /// <summary>The epoch of the step in hand, from 0.</summary>
    protected int Epoch { get; private set; }

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch)
    {
        Epoch = step / stepsPerEpoch;
        var every = Math.Max(1, stepsPerEpoch / settings.CalibrationsPerEpoch);
        if (Reduction.Enabled && step % stepsPerEpoch % every == 0)
        {
            Calibrate();
        }
    }

    /// <summary>Sets the dial to what meets the budget on the calibration examples.</summary>
    /// <exception cref="InvalidOperationException">The task reduces nothing.</exception>
    public CalibrationResult Calibrate()
    {
        if (settings.MacShare is not { } share)
        {
            throw new InvalidOperationException("nothing is reduced in this training, so there is nothing to calibrate");
        }

        if (Calibration is not null && method.Dial == PruningMethod.KeepRatio)
        {
            return Calibration; // what a keep ratio costs does not move with the weights
        }

        int[] examples = [.. Enumerable.Range(0, Math.Min(settings.CalibrationExamples, Examples))];
        Calibration = WithoutFeatures(() => TemperatureCalibration.Find(
            dial =>
            {
                method.Turn(Reduction, dial);
                return Cost(examples, Reduction).Macs;
            },
            share * Cost(examples, null).Dense,
            method.Range));
        method.Turn(Reduction, Calibration.Temperature);
        return Calibration;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reduction.Dispose();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the task made beside the reduction.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Tokens of a training example's text, padding left out.</summary>
    public abstract int TextLength(int example);

    /// <summary>Multiply-accumulates of some training examples, means: as reduced (as plain, where no reduction is given) and as plain.</summary>
    protected abstract (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction);

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

    /// <summary>Runs what needs no alignment features: scoring, calibration.</summary>
    protected T WithoutFeatures<T>(Func<T> run)
    {
        ArgumentNullException.ThrowIfNull(run);
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

/// <summary>What training a reducible model is told besides how long and how fast.</summary>
public record BudgetSettings
{
    /// <summary>α, weight of the alignment loss.</summary>
    public double AlignmentWeight { get; init; } = 0.1;

    /// <summary>Weight of the loss on what each patch shows; 0 trains on the answers alone.</summary>
    public double PatchWeight { get; init; }

    /// <summary>Weight of the loss on how many of what the question's words name are in the image (0 to 3); 0 leaves it out.</summary>
    public double WordWeight { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that a reduced model may use; null reduces nothing.</summary>
    public double? MacShare { get; init; }

    /// <summary>Training examples that the dial is calibrated on, the first of the split.</summary>
    public int CalibrationExamples { get; init; } = 200;

    /// <summary>Calibrations in an epoch, evenly spread.</summary>
    public int CalibrationsPerEpoch { get; init; } = 2;
}

using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Pruning;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>
/// Trains BLIP NLVR2 with alignment guidance. Without a budget the reduction only gathers the features of the alignment loss; with
/// one it takes tokens out, at a temperature (or keep ratio) that is calibrated again and again while the weights move.
/// </summary>
public sealed class NlvrTask : TrainingTask, IDisposable
{
    private readonly BlipNlvr model;
    private readonly INlvrPairs train;
    private readonly INlvrPairs validation;
    private readonly NlvrTaskSettings settings;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly PruningMethod method;
    private readonly TokenReduction reduction;
    private readonly NlvrRunCosts costs;
    private readonly Device device;
    private int epoch;

    /// <summary>Attaches the policy to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Examples to train on.</param>
    /// <param name="validation">Examples to watch.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public NlvrTask(BlipNlvr model, INlvrPairs train, INlvrPairs validation, NlvrTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
    {
        (this.model, this.train, this.validation, this.settings) = (model, train, validation, settings);
        this.method = method ?? PruningMethod.Madtp;
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
        wordHead = settings.WordWeight > 0 ? new WordHead(model.Config.Text.Width, largest: 3).to(device) : null;
        reduction = TokenReduction.Attach(model, this.method.Policy(1));
        reduction.Enabled = settings.MacShare is not null;
        reduction.GatherFeatures = settings.AlignmentWeight != 0;
        costs = new NlvrRunCosts(model.Config);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [.. new (string, nn.Module?)[] { ("model", model), ("patch_head", patchHead), ("word_head", wordHead) }.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!))];

    /// <inheritdoc/>
    public override int Examples => train.Count;

    /// <inheritdoc/>
    public override TrainingObjective Objective => new(settings.AlignmentWeight, AuxiliaryWeight: 1);

    /// <inheritdoc/>
    public override double? Dial
    {
        get => reduction.Enabled ? reduction.Temperature : null;
        set => method.Turn(reduction, value ?? reduction.Temperature);
    }

    /// <summary>The newest calibration; null before the first.</summary>
    public CalibrationResult? Calibration { get; private set; }

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch)
    {
        epoch = step / stepsPerEpoch;
        var every = Math.Max(1, stepsPerEpoch / settings.CalibrationsPerEpoch);
        if (reduction.Enabled && step % stepsPerEpoch % every == 0)
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
            throw new InvalidOperationException("nothing is reduced in this training, so there is no temperature to calibrate");
        }

        if (Calibration is not null && method.Dial == PruningMethod.KeepRatio)
        {
            return Calibration; // what a keep ratio costs does not move with the weights
        }

        double Cost(double dial)
        {
            method.Turn(reduction, dial);
            return Score(train, "calibration", settings.CalibrationPairs).Macs;
        }

        var dense = DenseCost();
        Calibration = TemperatureCalibration.Find(Cost, share * dense, method.Range);
        method.Turn(reduction, Calibration.Temperature);
        return Calibration;
    }

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var batch = train.TrainingBatch(epoch, examples, device);
        using var recorded = reduction.Enabled ? reduction.Record() : null;
        var output = model.Forward(batch.Images, batch.Ids, batch.Mask);
        return new StepLosses(nn.functional.cross_entropy(output.Logits, batch.Labels), Correct(output.Logits, batch.Labels))
        {
            Alignment = output.AlignmentLoss,
            Auxiliary = Auxiliary(output, batch),
            ImageTokens = recorded?.Of("visual_encoder")[^1].TokensPerSample.Average(),
            TextTokens = recorded?.Of("text_encoder")[^1].TokensPerSample.Average(),
            Macs = recorded is null ? null : costs.PerPair(recorded, batch.TextLengths).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Score(validation, "validation", null);

    /// <inheritdoc/>
    public void Dispose()
    {
        reduction.Dispose();
        patchHead?.Dispose();
        wordHead?.Dispose();
    }

    private Tensor? Auxiliary(NlvrOutput output, NlvrPairBatch batch)
    {
        var patches = patchHead is null ? null : patchHead.Loss(output.Vision.X, batch.PatchClasses!) * settings.PatchWeight;
        var words = wordHead is null ? null : wordHead.Loss(output.Text.X, batch.NamedCounts!) * settings.WordWeight;
        return patches is null ? words : words is null ? patches : patches + words;
    }

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(INlvrPairs pairs, string split, NlvrShuffle shuffle = NlvrShuffle.None) => Score(pairs, split, null, shuffle);

    private Evaluation Score(INlvrPairs pairs, string split, int? limit, NlvrShuffle shuffle = NlvrShuffle.None)
    {
        var gathers = reduction.GatherFeatures;
        reduction.GatherFeatures = false;
        try
        {
            return NlvrEvaluator.Evaluate(model, pairs, split, reduction.Enabled ? reduction : null, shuffle, limit, settings.EvaluationBatch);
        }
        finally
        {
            reduction.GatherFeatures = gathers;
        }
    }

    private double DenseCost() =>
        Enumerable.Range(0, Math.Min(settings.CalibrationPairs, train.Count)).Average(i => (double)costs.Dense(train.TextLength(i)));

    private static Tensor Correct(Tensor logits, Tensor labels) => logits.detach().argmax(1).eq(labels).to(float32).mean();
}

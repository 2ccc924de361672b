using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Pruning;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>
/// Trains a retrieval model with alignment guidance. An example is a caption with its image. Without a budget the reduction only
/// gathers the features of the alignment loss; with one it takes tokens out, at a temperature (or keep ratio) that is calibrated while the weights move.
/// </summary>
public sealed class RetrievalTask : TrainingTask, IDisposable
{
    private readonly IRetriever retriever;
    private readonly ICaptionedImages train;
    private readonly ICaptionedImages validation;
    private readonly RetrievalTaskSettings settings;
    private readonly PatchHead? patchHead;
    private readonly PruningMethod method;
    private readonly TokenReduction reduction;
    private readonly Device device;
    private double distillation;
    private int epoch;

    /// <summary>Attaches the policy to the model; dispose to detach it.</summary>
    /// <param name="retriever">The model, alignment guidance and training copies included.</param>
    /// <param name="train">Captioned images to train on.</param>
    /// <param name="validation">Captioned images to watch.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public RetrievalTask(IRetriever retriever, ICaptionedImages train, ICaptionedImages validation, RetrievalTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        ArgumentNullException.ThrowIfNull(settings);
        (this.retriever, this.train, this.validation, this.settings) = (retriever, train, validation, settings);
        this.method = method ?? PruningMethod.Madtp;
        patchHead = settings.PatchWeight > 0 ? new PatchHead(retriever.ImageWidth, patchClasses) : null;
        reduction = TokenReduction.Attach(retriever.Reducible, this.method.Policy(1));
        reduction.Enabled = settings.MacShare is not null;
        reduction.GatherFeatures = settings.AlignmentWeight != 0;
        device = Placement.DeviceOf(retriever.Module);
        patchHead?.to(device);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        patchHead is null ? [("model", retriever.Module)] : [("model", retriever.Module), ("patch_head", patchHead)];

    /// <inheritdoc/>
    public override int Examples => train.Captions;

    /// <inheritdoc/>
    public override TrainingObjective Objective => new(settings.AlignmentWeight, AuxiliaryWeight: settings.PatchWeight);

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
        distillation = settings.Distillation * Math.Min(1, (double)step / stepsPerEpoch);
        var every = Math.Max(1, stepsPerEpoch / settings.CalibrationsPerEpoch);
        if (reduction.Enabled && step % stepsPerEpoch % every == 0)
        {
            Calibrate();
        }
    }

    /// <summary>Sets the dial to what meets the budget on the calibration captions.</summary>
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

        int[] captions = [.. Enumerable.Range(0, Math.Min(settings.CalibrationPairs, train.Captions))];
        var dense = captions.Average(caption => (double)retriever.Costs.Dense(train.TextLength(caption)));
        Calibration = WithoutFeatures(() => TemperatureCalibration.Find(
            dial =>
            {
                method.Turn(reduction, dial);
                retriever.Module.eval();
                return RetrievalEvaluator.Cost(retriever, train, captions, reduction).Macs;
            },
            share * dense,
            method.Range));
        method.Turn(reduction, Calibration.Temperature);
        return Calibration;
    }

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override bool ComparesExamples => true;

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        int[] images = [.. captions.Select(caption => train.ImageOfCaption[caption])];
        var (ids, mask) = train.Texts(captions, device);
        using var trace = reduction.Enabled ? reduction.Record() : null;
        var losses = retriever.Step(train.TrainingPixels(epoch, examples, device), ids, mask, tensor(images.Select(image => (long)image).ToArray(), device: device), distillation);
        return new StepLosses(losses.Task, Correct(losses.Features))
        {
            Alignment = losses.Alignment,
            Auxiliary = patchHead?.Loss(losses.ImageTokens.X, train.PatchClasses(images, device)!),
            ImageTokens = trace is null ? null : LastOf(trace, 0),
            TextTokens = trace is null ? null : LastOf(trace, 1),
            Macs = trace is null ? null : retriever.Costs.PerPair(trace, [.. captions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(ICaptionedImages split, string name) =>
        WithoutFeatures(() => RetrievalEvaluator.Evaluate(retriever, split, name, reduction.Enabled ? reduction : null));

    /// <inheritdoc/>
    public void Dispose()
    {
        reduction.Dispose();
        patchHead?.Dispose();
    }

    private T WithoutFeatures<T>(Func<T> run)
    {
        var gathers = reduction.GatherFeatures;
        reduction.GatherFeatures = false;
        try
        {
            return run();
        }
        finally
        {
            reduction.GatherFeatures = gathers;
        }
    }

    // Tokens that leave an encoder's last layer in its first pass of the step, mean over the batch.
    private double LastOf(ReductionTrace trace, int encoder)
    {
        var reducible = retriever.Reducible.ReducibleEncoders[encoder];
        return trace.Of(reducible.Name).First(step => step.Layer == reducible.Blocks.Count - 1).TokensPerSample.Average();
    }

    // Share of images whose own caption is the nearest of the batch.
    private static Tensor Correct(ContrastiveFeatures features)
    {
        using var off = no_grad();
        var nearest = features.Image.matmul(features.Text.t()).argmax(1);
        return nearest.eq(arange(nearest.shape[0], dtype: int64, device: nearest.device)).to(float32).mean();
    }
}

using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trains a retrieval model with alignment guidance. An example is a caption with its image.</summary>
public sealed class RetrievalTask : BudgetTask
{
    private readonly IRetriever retriever;
    private readonly ICaptionedImages train;
    private readonly ICaptionedImages validation;
    private readonly RetrievalTaskSettings settings;
    private readonly PatchHead? patchHead;
    private readonly Device device;
    private double distillation;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    /// <param name="retriever">The model, alignment guidance and training copies included, on the device that it is to be trained on.</param>
    /// <param name="train">Captioned images to train on.</param>
    /// <param name="validation">Captioned images to watch.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public RetrievalTask(IRetriever retriever, ICaptionedImages train, ICaptionedImages validation, RetrievalTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(Checked(retriever).Reducible, settings, method)
    {
        (this.retriever, this.train, this.validation, this.settings) = (retriever, train, validation, settings);
        device = Placement.DeviceOf(retriever.Module);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(retriever.ImageWidth, patchClasses).to(device) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        patchHead is null ? [("model", retriever.Module)] : [("model", retriever.Module), ("patch_head", patchHead)];

    /// <inheritdoc/>
    public override int Examples => train.Captions;

    /// <inheritdoc/>
    public override void Prepare(int step, int stepsPerEpoch)
    {
        distillation = settings.Distillation * Math.Min(1, (double)step / stepsPerEpoch);
        base.Prepare(step, stepsPerEpoch);
    }

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

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
        using var trace = Active?.Record();
        var losses = retriever.Step(train.TrainingPixels(Epoch, examples, device), ids, mask, tensor(images.Select(image => (long)image).ToArray(), device: device), distillation);
        return new StepLosses(losses.Task, Correct(losses.Features))
        {
            Alignment = losses.Alignment,
            Auxiliary = patchHead is null ? null : patchHead.Loss(losses.ImageTokens.X, train.PatchClasses(images, device)!) * settings.PatchWeight,
            ImageTokens = trace is null ? null : LastOf(trace, 0),
            TextTokens = trace is null ? null : LastOf(trace, 1),
            Macs = trace is null ? null : retriever.Costs.PerPair(trace, [.. captions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(ICaptionedImages split, string name) => WithoutFeatures(() => RetrievalEvaluator.Evaluate(retriever, split, name, Active));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction)
    {
        retriever.Module.eval();
        var (macs, dense, _) = RetrievalEvaluator.Cost(retriever, train, examples, reduction);
        return (macs, dense);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => patchHead?.Dispose();

    private static IRetriever Checked(IRetriever retriever)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        return retriever;
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
        var nearest = features.Image.MatMul(features.Text.t()).argmax(1);
        return nearest.eq(arange(nearest.shape[0], dtype: int64, device: nearest.device)).to(float32).mean();
    }
}

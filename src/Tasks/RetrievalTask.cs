using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Trains a retrieval model with alignment guidance. An example is a caption with its image.</summary>
public sealed class RetrievalTask : BudgetTask
{
    private readonly IRetriever retriever;
    private readonly CaptionedImages train;
    private readonly CaptionedImages validation;
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
    public RetrievalTask(IRetriever retriever, CaptionedImages train, CaptionedImages validation, RetrievalTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
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
    public Evaluation Evaluate(CaptionedImages split, string name) => WithoutFeatures(() => RetrievalEvaluator.Evaluate(retriever, split, name, Active));

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

/// <summary>What training a retrieval model is told besides how long and how fast.</summary>
public sealed record RetrievalTaskSettings : BudgetSettings
{
    /// <summary>Weight of the momentum copies in the contrastive targets, reached at the end of the first epoch.</summary>
    public double Distillation { get; init; } = 0.4;
}

/// <summary>Scores a retrieval model on a split: recall both ways, multiply-accumulates of each caption with its image, tokens per layer.</summary>
public static class RetrievalEvaluator
{
    private const int Batch = 100;

    /// <summary>
    /// Scores the model as it is: with a reduction where one is attached and given.
    /// </summary>
    /// <param name="retriever">The model; left in evaluation mode.</param>
    /// <param name="split">Images and captions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <returns>Accuracy is the mean of both recalls at 1; the recalls are listed by kind.</returns>
    public static Evaluation Evaluate(IRetriever retriever, CaptionedImages split, string name, TokenReduction? reduction = null)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        ArgumentNullException.ThrowIfNull(split);
        retriever.Module.eval();
        using var scope = NewDisposeScope();
        var scores = retriever.Rank(split);
        var recall = RetrievalRecall.Compute(Matrix(scores.ImageToText), Matrix(scores.TextToImage), split.ImageOfCaption);
        var (macs, dense, tokens) = Cost(retriever, split, [.. Enumerable.Range(0, split.Captions)], reduction);
        return new Evaluation(name, split.Captions, (recall.TextAt1 + recall.ImageAt1) / 200, macs, dense)
        {
            ByKind = new Dictionary<string, double>
            {
                ["text at 1"] = recall.TextAt1 / 100,
                ["text at 5"] = recall.TextAt5 / 100,
                ["text at 10"] = recall.TextAt10 / 100,
                ["image at 1"] = recall.ImageAt1 / 100,
                ["image at 5"] = recall.ImageAt5 / 100,
                ["image at 10"] = recall.ImageAt10 / 100,
            },
            Temperature = reduction?.Temperature,
            Tokens = tokens,
        };
    }

    /// <summary>Multiply-accumulates of some captions with their images, means: as reduced, as plain, and tokens per layer.</summary>
    internal static (double Macs, double Dense, IReadOnlyDictionary<string, double> Tokens) Cost(IRetriever retriever, CaptionedImages split, int[] captions, TokenReduction? reduction)
    {
        using var off = no_grad();
        using var trace = reduction?.Record();
        var tokens = new TokenMeans();
        var device = Placement.DeviceOf(retriever.Module);
        double macs = 0;
        var dense = captions.Sum(caption => (double)retriever.Costs.Dense(split.TextLength(caption)));
        var whole = captions.Sum(caption => (double)retriever.Costs.Whole(split.TextLength(caption)));
        foreach (var some in trace is null ? [] : captions.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var (ids, mask) = split.Texts(some, device);
            retriever.Answer(split.Pixels([.. some.Select(caption => split.ImageOfCaption[caption])], device), ids, mask);
            macs += retriever.Costs.PerPair(trace!, [.. some.Select(split.TextLength)]).Sum(one => (double)one);
            tokens.Add(trace);
            trace!.Clear();
        }

        return ((trace is null ? whole : macs) / captions.Length, dense / captions.Length, tokens.Means());
    }

    private static ScoreMatrix Matrix(Tensor scores) => new((int)scores.shape[0], (int)scores.shape[1], scores.data<float>().ToArray());
}

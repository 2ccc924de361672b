using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trains BLIP NLVR2 with alignment guidance. An example is a pair of images with a statement.</summary>
public sealed class NlvrTask : BudgetTask
{
    private readonly BlipNlvr model;
    private readonly INlvrPairs train;
    private readonly INlvrPairs validation;
    private readonly NlvrTaskSettings settings;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly NlvrRunCosts costs;
    private readonly Device device;

    /// <summary>Attaches the policy to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Examples to train on.</param>
    /// <param name="validation">Examples to watch.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public NlvrTask(BlipNlvr model, INlvrPairs train, INlvrPairs validation, NlvrTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(model, settings, method)
    {
        (this.model, this.train, this.validation, this.settings) = (model, train, validation, settings);
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
        wordHead = settings.WordWeight > 0 ? new WordHead(model.Config.Text.Width, largest: 3).to(device) : null;
        costs = new NlvrRunCosts(model.Config);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [.. new (string, nn.Module?)[] { ("model", model), ("patch_head", patchHead), ("word_head", wordHead) }.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!))];

    /// <inheritdoc/>
    public override int Examples => train.Count;

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var batch = train.TrainingBatch(Epoch, examples, device);
        using var recorded = Active?.Record();
        var output = model.Forward(batch);
        return new StepLosses(nn.functional.cross_entropy(output.Logits, batch.Labels), Correct(output.Logits, batch.Labels))
        {
            Alignment = output.AlignmentLoss,
            Auxiliary = Auxiliary(output, batch),
            ImageTokens = LastOf(recorded, "visual_encoder"),
            TextTokens = LastOf(recorded, "text_encoder"),
            Macs = recorded is null ? null : costs.PerPair(recorded, batch.TextLengths).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(INlvrPairs pairs, string split, NlvrShuffle shuffle = NlvrShuffle.None) =>
        WithoutFeatures(() => NlvrEvaluator.Evaluate(model, pairs, split, Active, shuffle, batchSize: settings.EvaluationBatch));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction)
    {
        var dense = examples.Average(pair => (double)costs.Dense(train.TextLength(pair)));
        return reduction is null
            ? (dense, dense)
            : (NlvrEvaluator.Evaluate(model, train, "calibration", reduction, limit: examples.Length, batchSize: settings.EvaluationBatch).Macs, dense);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        patchHead?.Dispose();
        wordHead?.Dispose();
    }

    private Tensor? Auxiliary(NlvrOutput output, NlvrPairBatch batch)
    {
        var patches = patchHead is null ? null : patchHead.Loss(output.Vision.X, batch.PatchClasses!) * settings.PatchWeight;
        var words = wordHead is null ? null : wordHead.Loss(output.Text.X, batch.NamedCounts!) * settings.WordWeight;
        return patches is null ? words : words is null ? patches : patches + words;
    }

    private static Tensor Correct(Tensor logits, Tensor labels) => logits.detach().argmax(1).eq(labels).to(float32).mean();
}

using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Blip;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Trains BLIP NLVR2 with alignment guidance. An example is a pair of images with a statement.</summary>
public sealed class NlvrTask : BudgetTask
{
    private readonly BlipNlvr model;
    private readonly NlvrPairs train;
    private readonly NlvrPairs validation;
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
    public NlvrTask(BlipNlvr model, NlvrPairs train, NlvrPairs validation, NlvrTaskSettings settings, PruningMethod? method = null, int patchClasses = 0)
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
    public Evaluation Evaluate(NlvrPairs pairs, string split, NlvrShuffle shuffle = NlvrShuffle.None) =>
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

/// <summary>What training BLIP NLVR2 is told besides how long and how fast.</summary>
public sealed record NlvrTaskSettings : BudgetSettings
{
    /// <summary>Pairs that the dial is calibrated on: <see cref="BudgetSettings.CalibrationExamples"/>, whose examples are pairs here.</summary>
    public int CalibrationPairs
    {
        get => CalibrationExamples;
        init => CalibrationExamples = value;
    }

    /// <summary>Examples that are scored at once; less memory where images are large.</summary>
    public int EvaluationBatch { get; init; } = 100;
}

/// <summary>Scores BLIP NLVR2 on a split: accuracy, multiply-accumulates by each example's own tokens, tokens per layer.</summary>
public static class NlvrEvaluator
{
    /// <summary>Scores the model with a method attached, which is detached again.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="setting">The method.</param>
    /// <param name="limit">Scores the first examples only.</param>
    /// <param name="batchSize">Examples that are scored at once.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static Evaluation Evaluate(BlipNlvr model, NlvrPairs pairs, string split, PruningSetting setting, int? limit = null, int batchSize = 100)
    {
        ArgumentNullException.ThrowIfNull(setting);
        using var reduction = setting.Attach(model);
        return Evaluate(model, pairs, split, reduction, limit: limit, batchSize: batchSize);
    }

    /// <summary>
    /// Scores the model as it is: with a reduction where one is attached and given.
    /// </summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="shuffle">What is given away.</param>
    /// <param name="limit">Scores the first examples only.</param>
    /// <param name="batchSize">Examples that are scored at once.</param>
    public static Evaluation Evaluate(BlipNlvr model, NlvrPairs pairs, string split, TokenReduction? reduction = null, NlvrShuffle shuffle = NlvrShuffle.None, int? limit = null, int batchSize = 100)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pairs);
        var count = Math.Min(limit ?? pairs.Count, pairs.Count);
        var other = SeededRandom.Derangement(pairs.Count);
        var costs = new NlvrRunCosts(model.Config);
        var right = new bool[count];
        var tokens = new TokenMeans();
        double macs = 0, whole = 0, dense = 0;
        var device = Placement.DeviceOf(model);
        model.eval();
        using var off = inference_mode();
        using var trace = reduction?.Record();
        for (var from = 0; from < count; from += batchSize)
        {
            using var scope = NewDisposeScope();
            int[] examples = [.. Enumerable.Range(from, Math.Min(batchSize, count - from))];
            int[] others = [.. examples.Select(i => other[i])];
            var batch = pairs.Batch(examples, shuffle == NlvrShuffle.Images ? others : [], shuffle == NlvrShuffle.Text ? others : [], device);
            var output = model.Forward(batch);
            output.Logits.argmax(1).eq(batch.Labels).cpu().data<bool>().ToArray().CopyTo(right, from);
            dense += batch.TextLengths.Sum(n => (double)costs.Dense(n));
            whole += batch.TextLengths.Sum(n => (double)costs.Whole(n));
            macs += trace is null ? 0 : costs.PerPair(trace, batch.TextLengths).Sum(n => (double)n);
            tokens.Add(trace);
            trace?.Clear();
        }

        return new Evaluation(split, count, (double)right.Count(r => r) / count, (trace is null ? whole : macs) / count, dense / count)
        {
            ByKind = pairs.Kinds.Count == 0 ? new Dictionary<string, double>() : Enumerable.Range(0, count).GroupBy(i => pairs.Kinds[i]).OrderBy(g => g.Key, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => (double)g.Count(i => right[i]) / g.Count()),
            Temperature = reduction?.Temperature,
            Tokens = tokens.Means(),
        };
    }
}

/// <summary>What an evaluation gives away at random, to show that the model needs it.</summary>
public enum NlvrShuffle
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Every statement gets the images of another example.</summary>
    Images,

    /// <summary>Every pair of images gets the statement of another example.</summary>
    Text,
}

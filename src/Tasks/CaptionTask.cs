using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Decoding;
using Madtp.Kit.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Trains BLIP to caption images. An example is a caption with its image. The text has no aligned feature, so that the alignment loss has no part.</summary>
public sealed class CaptionTask : BudgetTask
{
    private readonly BlipCaptioner model;
    private readonly CaptionedImages train;
    private readonly CaptionedImages validation;
    private readonly CaptionLanguage language;
    private readonly BudgetSettings settings;
    private readonly PatchHead? patchHead;
    private readonly Device device;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Captioned images to train on.</param>
    /// <param name="validation">Captioned images to watch.</param>
    /// <param name="language">How captions are written.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public CaptionTask(BlipCaptioner model, CaptionedImages train, CaptionedImages validation, CaptionLanguage language, BudgetSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(model, settings, method)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.train, this.validation, this.language, this.settings) = (model, train, validation, language, settings);
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules => patchHead is null ? [("model", model)] : [("model", model), ("patch_head", patchHead)];

    /// <inheritdoc/>
    public override int Examples => train.Captions;

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var captions = examples.ToArray();
        int[] images = [.. captions.Select(caption => train.ImageOfCaption[caption])];
        var (ids, mask) = train.Texts(captions, device);
        using var trace = Active?.Record();
        var output = model.Forward(train.TrainingPixels(Epoch, examples, device), ids, mask, language.Prompt.Count);
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(ids, model.Config.Text.PaddingId, language.Prompt.Count)))
        {
            Auxiliary = patchHead is null ? null : patchHead.Loss(output.Vision.X, train.PatchClasses(images, device)!) * settings.PatchWeight,
            ImageTokens = LastOf(trace, "visual_encoder"),
            Macs = trace is null ? null : new CaptionCosts(model.Config).PerPair(trace, [.. captions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(CaptionedImages split, string name, bool shuffle = false) =>
        WithoutFeatures(() => CaptionEvaluator.Evaluate(model, split, name, language, Active, shuffle));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction) => CaptionEvaluator.Cost(model, train, examples, reduction);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => patchHead?.Dispose();
}

/// <summary>Scores a captioner on a split: the field's metrics, whether captions say what is there, multiply-accumulates, tokens per layer.</summary>
public static class CaptionEvaluator
{
    private const int Batch = 50;

    /// <summary>
    /// Captions every image once and compares with all its captions.
    /// </summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="split">Images with captions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="language">How captions are generated and compared.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="shuffle">Compares every caption with those of another image, to show that the image is needed.</param>
    /// <returns>Accuracy is the share of captions that say the same as one of the image's, or CIDEr-D where the language does not tell what captions say; the metrics are listed by kind, CIDEr as a share of 1.</returns>
    public static Evaluation Evaluate(BlipCaptioner model, CaptionedImages split, string name, CaptionLanguage language, TokenReduction? reduction = null, bool shuffle = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(language);
        var references = References(split, language);
        var shown = shuffle ? SeededRandom.Derangement(split.Images) : [.. Enumerable.Range(0, split.Images)];
        var (captions, tokens) = Generate(model, split, shown, language, reduction);
        var scores = CaptionMetrics.Compute(new CaptionSet([.. captions.Select((caption, image) => new TokenizedCaption(image, caption, references[image]))]));
        var (macs, dense) = Cost(model, split, [.. Enumerable.Range(0, split.Captions)], reduction);
        return new Evaluation(name, split.Images, language.Content is { } content ? captions.Index().Average(c => Says(content, c.Item, references[c.Index]) ? 1.0 : 0) : scores.Cider, macs, dense)
        {
            ByKind = new Dictionary<string, double>
            {
                ["CIDEr"] = scores.Cider,
                ["BLEU-4"] = scores.Bleu[3],
                ["ROUGE-L"] = scores.RougeL,
            },
            Temperature = reduction?.Temperature,
            Tokens = tokens,
        };
    }

    /// <summary>Multiply-accumulates of some captions with their images, means: as reduced (as plain, where no reduction is given) and as plain.</summary>
    internal static (double Macs, double Dense) Cost(BlipCaptioner model, CaptionedImages split, int[] captions, TokenReduction? reduction)
    {
        using var off = no_grad();
        var costs = new CaptionCosts(model.Config);
        var dense = captions.Average(caption => (double)costs.Dense(split.TextLength(caption)));
        if (reduction is null)
        {
            return (captions.Average(caption => (double)costs.Whole(split.TextLength(caption))), dense);
        }

        double macs = 0;
        var device = Placement.DeviceOf(model);
        model.eval();
        using var trace = reduction.Record();
        foreach (var some in captions.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            model.VisualEncoder.forward(split.Pixels([.. some.Select(caption => split.ImageOfCaption[caption])], device));
            macs += costs.PerPair(trace, [.. some.Select(split.TextLength)]).Sum(one => (double)one);
            trace.Clear();
        }

        return (macs / captions.Length, dense);
    }

    private static (string[] Captions, IReadOnlyDictionary<string, double> Tokens) Generate(BlipCaptioner model, CaptionedImages split, int[] images, CaptionLanguage language, TokenReduction? reduction)
    {
        var captions = new List<string>(images.Length);
        var tokens = new TokenMeans();
        var device = Placement.DeviceOf(model);
        model.eval();
        using var trace = reduction?.Record();
        foreach (var some in images.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var ids = model.Generate(split.Pixels(some, device), tensor(language.Prompt.Select(id => (long)id).ToArray(), device: device), language.Generation).cpu();
            captions.AddRange(ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words));
            tokens.Add(trace);
            trace?.Clear();
        }

        return ([.. captions], tokens.Means());
    }

    private static string[][] References(CaptionedImages split, CaptionLanguage language)
    {
        using var scope = NewDisposeScope();
        var (ids, _) = split.Texts([.. Enumerable.Range(0, split.Captions)]);
        var words = ids.data<long>().ToArray().Chunk((int)ids.shape[1]).Select(language.Words).ToArray();
        return [.. words.Index().GroupBy(caption => split.ImageOfCaption[caption.Index]).OrderBy(group => group.Key).Select(group => group.Select(caption => caption.Item).ToArray())];
    }

    private static bool Says(Func<string, string> content, string caption, string[] references) => references.Select(content).Contains(content(caption));
}

/// <summary>How captions of a data set are written and compared.</summary>
/// <param name="Prompt">Tokens that every caption begins with, [DEC] first.</param>
/// <param name="Generation">How captions are generated.</param>
/// <param name="Words">The words of a caption's tokens, without prompt and end.</param>
/// <param name="Content">What a caption says, in a form in which equal contents are equal; null where that cannot be told.</param>
public sealed record CaptionLanguage(IReadOnlyList<int> Prompt, GenerationSettings Generation, Func<IEnumerable<long>, string> Words, Func<string, string>? Content = null);

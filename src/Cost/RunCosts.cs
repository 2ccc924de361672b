using Madtp.Kit.Compression;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Cost;

/// <summary>What single examples cost a model, by the tokens that a reduction left them. Each ledger is made once.</summary>
/// <param name="model">The model on one example; its text's length is filled in.</param>
public sealed class RunCosts(CostModel model, Accounting accounting = Accounting.Paper)
{
    private const int MostRemembered = 20_000;

    private readonly Dictionary<(int TextTokens, bool IsRegular, ReductionPolicy? Policy, string Counts), long> totals = [];

    /// <summary>The costs of a model with the widths that it has. An example is what the budget is one of: NLVR2's two images
    /// with a statement, CLIP's image and text at inference, for BLIP an image and a text encoded and read together, a caption
    /// read once, or a question with one answer.</summary>
    /// <exception cref="ArgumentException">It is none of the five models.</exception>
    public static RunCosts Of(nn.Module model, Accounting? accounting = null)
    {
        CostModel cost = model switch
        {
            BlipNlvr nlvr => new NlvrCost(nlvr.Config),
            ClipModel clip => new ClipCost(clip.Config),
            BlipRetrieval retrieval => new RetrievalPairCost(retrieval.Config),
            BlipCaptioner captioner => new CaptionCost(captioner.Config),
            BlipVqa vqa => new VqaCost(vqa.Config) { Questions = 1, Answers = 1 },
            _ => throw new ArgumentException($"what a {model.GetType().Name} costs is not known", nameof(model)),
        };
        return new(cost with { Widths = PrunableWidth.InnerWidths(model) },
            accounting ?? (cost is ClipCost ? Accounting.Deploy : Accounting.Paper));
    }

    /// <summary>Multiply-accumulates of the plain model, of regular widths even where parameters were taken out.</summary>
    public long Dense(int textTokens) => Remembered(textTokens, isRegular: true);

    /// <summary>The same of this model, with the widths that it has.</summary>
    public long Whole(int textTokens) => Remembered(textTokens);

    /// <summary>The mean over texts of some lengths with other inner widths; null for the regular ones.</summary>
    public double Mean(IReadOnlyCollection<int> textLengths, IReadOnlyDictionary<string, int>? widths) =>
        textLengths.GroupBy(n => n)
            .Sum(group => (double)group.Count() / textLengths.Count * Total(group.Key, widths, null, null));

    /// <summary>Multiply-accumulates of each example of a batch.</summary>
    /// <param name="trace">The steps of one answer, or of a training step that begins with one; null without.</param>
    /// <param name="textLengths">Tokens of each text, padding left out.</param>
    /// <param name="imageOfText">Each text's place among the images; the same as its own if null.</param>
    /// <exception cref="ArgumentException">The trace is not that of one forward pass over these examples.</exception>
    public IReadOnlyList<long> PerPair(
        ReductionTrace? trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null)
    {
        if (trace is null)
            return [.. textLengths.Select(Whole)];

        var ((imageName, depth), (textName, layers)) = (model.ImageEncoder, model.TextEncoder);
        var (images, texts) = (trace.Of(imageName), trace.Of(textName));
        var isOnePass = (images.Count == 0 || images.Count == depth) && (texts.Count == 0 || texts.Count == layers);
        Guard.Argument(model is not NlvrCost || isOnePass,
            $"the trace has {images.Count} image and {texts.Count} text steps; one pass of this model has {depth} and {layers}. "
            + $"Clear the trace between passes", nameof(trace));
        var (alone, read) = (texts.Take(layers).ToArray(), texts.Skip(layers).Take(layers).ToArray());
        var pairs = textLengths.Count;

        // All that a text is padded to, where the policy takes padding for tokens.
        var lengths = trace.Policy.ExcludePadding || alone.Length == 0 ? textLengths : alone[0].TokensBefore;
        return [.. lengths.Select((length, pair) =>
        {
            int[] places = model is NlvrCost ? [pair, pairs + pair] : [imageOfText?[pair] ?? pair];
            var vision = images.Count == 0 ? [] : places.Select(place => (IReadOnlyList<int>)Counts(images.Take(depth), place)!)
                .ToArray();
            var counts = new TokenCounts(vision, Counts(alone, pair), Counts(read, pair));
            return Remembered(length, counts: counts, policy: trace.Policy);
        })];
    }

    /// <summary>The same as a share of what the plain model computes for the example.</summary>
    /// <inheritdoc cref="PerPair"/>
    public IReadOnlyList<double> Shares(
        ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null) =>
        [.. PerPair(trace, textLengths, imageOfText).Zip(textLengths, (macs, length) => (double)macs / Dense(length))];

    private static int[]? Counts(IEnumerable<ReductionStep> steps, int sample) =>
        steps.Select(step => step.TokensPerSample[sample]).ToArray() is { Length: > 0 } counts ? counts : null;

    private long Remembered(int textTokens, bool isRegular = false, TokenCounts? counts = null, ReductionPolicy? policy = null)
    {
        var lists = counts?.Vision.Append(counts.Text).Append(counts.TextWithImage) ?? [];
        var listed = string.Join('|', lists.Select(list => list is null ? "-" : string.Join(',', list)));
        if (totals.Count >= MostRemembered)
        {
            totals.Clear(); // a long training meets millions of different counts
        }

        var key = (textTokens, isRegular, policy, listed);
        return totals.TryGetValue(key, out var macs) ? macs
            : totals[key] = Total(textTokens, isRegular ? null : model.Widths, counts, policy);
    }

    private long Total(int textTokens, IReadOnlyDictionary<string, int>? widths, TokenCounts? counts, ReductionPolicy? policy) =>
        new MacLedger(model with { TextTokens = textTokens, Widths = widths }, counts, policy).Total(accounting);
}

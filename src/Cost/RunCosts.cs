using Madtp.Kit.Madtp;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>What single image-text pairs cost a retrieval model, by the tokens that a reduction left them.</summary>
public interface IPairCosts
{
    /// <summary>
    /// Multiply-accumulates of the plain model on an image and a text of some tokens. Where parameters were taken out, that is the
    /// regular model it was cut out of.
    /// </summary>
    long Dense(int textTokens);

    /// <summary>Multiply-accumulates of this model, with the widths that it has and all tokens, on an image and a text of some tokens.</summary>
    long Whole(int textTokens);

    /// <summary>
    /// Multiply-accumulates of each pair of a batch that was traced.
    /// </summary>
    /// <param name="trace">The steps of one answer, or of a training step that begins with one.</param>
    /// <param name="textLengths">Tokens of each text, padding left out.</param>
    /// <param name="imageOfText">Each text's place among the images; the same as its own if null.</param>
    IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null);
}

/// <summary>Ledgers of image-text pairs, each made once.</summary>
/// <param name="accounting">What is counted.</param>
/// <param name="regular">The regular model on a text of some tokens.</param>
/// <param name="actual">The model with the widths that it has.</param>
internal sealed class PairCosts(Accounting accounting, Func<int, CostModel> regular, Func<int, CostModel> actual)
{
    private readonly Dictionary<int, long> dense = [];
    private readonly Dictionary<int, long> whole = [];
    private readonly Dictionary<string, long> reduced = [];

    /// <summary>The regular model on a text of some tokens.</summary>
    public long Dense(int textTokens) => Total(dense, regular, textTokens);

    /// <summary>The model with the widths that it has on a text of some tokens.</summary>
    public long Whole(int textTokens) => Total(whole, actual, textTokens);

    /// <summary>A reduced pair, made once for each method and set of counts.</summary>
    public long Reduced(int textTokens, ReductionCost method, Func<long> total, params int[]?[] counts)
    {
        var key = $"{textTokens}|{method}|{string.Join('|', counts.Select(count => count is null ? "-" : string.Join(',', count)))}";
        if (!reduced.TryGetValue(key, out var macs))
        {
            macs = total();
            reduced[key] = macs;
        }

        return macs;
    }

    /// <summary>Tokens that each text is encoded with: all that it is padded to, where the policy takes padding for tokens.</summary>
    /// <param name="policy">What reduced them.</param>
    /// <param name="steps">The text encoder's steps, none where it is not reduced.</param>
    /// <param name="real">Tokens of each text, padding left out.</param>
    public static IReadOnlyList<int> TextLengths(ReductionPolicy policy, IReadOnlyList<ReductionStep> steps, IReadOnlyList<int> real) =>
        policy.ExcludePadding || steps.Count == 0 ? real : steps[0].TokensBefore;

    /// <summary>Counts of one sample after each layer; null where the encoder is not reduced.</summary>
    public static int[]? Counts(IEnumerable<ReductionStep> steps, int sample)
    {
        int[] counts = [.. steps.Select(step => step.TokensPerSample[sample])];
        return counts.Length == 0 ? null : counts;
    }

    private long Total(Dictionary<int, long> known, Func<int, CostModel> model, int textTokens)
    {
        if (!known.TryGetValue(textTokens, out var macs))
        {
            macs = MacLedger.For(model(textTokens)).Total(accounting);
            known[textTokens] = macs;
        }

        return macs;
    }
}

/// <summary>What single NLVR2 examples cost, by the tokens that a reduction left them.</summary>
/// <param name="config">The model's sizes.</param>
/// <param name="method">What the reduction itself computes; what the traced policy does if null.</param>
/// <param name="accounting">What is counted.</param>
public sealed class NlvrRunCosts(BlipConfig config, ReductionCost? method = null, Accounting accounting = Accounting.Paper)
{
    private const int MostRemembered = 20_000;

    private readonly Dictionary<int, MacLedger> whole = [];
    private readonly NlvrRunCosts? regular = config.Vision.PrunedWidths is null && config.Text.PrunedWidths is null ? null : new(config.Uncompressed, accounting: accounting);
    private readonly Dictionary<string, long> reduced = [];

    /// <summary>
    /// Multiply-accumulates of the plain model on a statement of some tokens. Where parameters were taken out,
    /// that is the regular model it was cut out of.
    /// </summary>
    public long Dense(int textTokens) => regular?.Dense(textTokens) ?? Whole(textTokens);

    /// <summary>Multiply-accumulates of this model, with the widths that it has, on a statement of some tokens.</summary>
    public long Whole(int textTokens) => Ledger(textTokens).Total(accounting);

    /// <summary>
    /// Multiply-accumulates of each pair of a batch that was traced.
    /// </summary>
    /// <param name="trace">The steps of one forward pass.</param>
    /// <param name="textLengths">Tokens of each statement, padding left out.</param>
    /// <exception cref="ArgumentException">The trace is not that of one forward pass over these statements.</exception>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(textLengths);
        var (vision, text) = (trace.Of("visual_encoder"), trace.Of("text_encoder"));
        if (vision.Count is not 0 && vision.Count != config.Vision.Depth || text.Count is not 0 && text.Count != config.Text.Layers)
        {
            throw new ArgumentException($"the trace has {vision.Count} image and {text.Count} text steps; one pass of this model has {config.Vision.Depth} and {config.Text.Layers}. Clear the trace between passes", nameof(trace));
        }

        var work = method ?? ReductionCost.Of(trace.Policy);
        var pairs = textLengths.Count;
        var lengths = PairCosts.TextLengths(trace.Policy, text, textLengths);
        return [.. Enumerable.Range(0, pairs).Select(pair => Pair(
            Counts(vision, pair),
            Counts(vision, pairs + pair),
            text.Count == 0 ? null : Counts(text, pair),
            lengths[pair],
            work))];
    }

    /// <summary>The same as a share of what the plain model computes for the pair.</summary>
    /// <inheritdoc cref="PerPair"/>
    public IReadOnlyList<double> Shares(ReductionTrace trace, IReadOnlyList<int> textLengths) =>
        [.. PerPair(trace, textLengths).Zip(textLengths, (macs, length) => (double)macs / Dense(length))];

    private static int[] Counts(IReadOnlyList<ReductionStep> steps, int sample) => [.. steps.Select(step => step.TokensPerSample[sample])];

    private long Pair(int[] left, int[] right, int[]? text, int textTokens, ReductionCost work)
    {
        var key = $"{work}|{textTokens}|{string.Join(',', left)}|{string.Join(',', right)}|{(text is null ? string.Empty : string.Join(',', text))}";
        if (!reduced.TryGetValue(key, out var macs))
        {
            var counts = new TokenCounts(left.Length == 0 ? [] : [left, right], text);
            macs = Ledger(textTokens).WithTokens(counts, work).Total(accounting);
            if (reduced.Count >= MostRemembered)
            {
                reduced.Clear(); // a long training meets millions of different counts
            }

            reduced[key] = macs;
        }

        return macs;
    }

    private MacLedger Ledger(int textTokens)
    {
        if (!whole.TryGetValue(textTokens, out var ledger))
        {
            ledger = MacLedger.For(BlipCosts.Nlvr(config, textTokens));
            whole[textTokens] = ledger;
        }

        return ledger;
    }
}

/// <summary>What single images with a caption cost BLIP: encoded once, the caption read by the decoder in one pass ('paper' accounting).</summary>
/// <param name="config">The model's sizes.</param>
public sealed class CaptionCosts(BlipConfig config) : IPairCosts
{
    private readonly PairCosts costs = new(Accounting.Paper, textTokens => BlipCosts.Caption(config.Uncompressed, textTokens), textTokens => BlipCosts.Caption(config, textTokens));

    /// <inheritdoc/>
    public long Dense(int textTokens) => costs.Dense(textTokens);

    /// <inheritdoc/>
    public long Whole(int textTokens) => costs.Whole(textTokens);

    /// <inheritdoc/>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var method = ReductionCost.Of(trace.Policy);
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        return [.. textLengths.Select((length, pair) =>
        {
            var image = PairCosts.Counts(images, imageOfText?[pair] ?? pair);
            return costs.Reduced(length, method, () => MacLedger.For(BlipCosts.Caption(config, length)).WithTokens(image, null, method).Total(Accounting.Paper), image);
        })];
    }
}

/// <summary>What single questions cost BLIP: image encoded, question read with it, one answer read by the decoder ('paper' accounting).</summary>
/// <param name="config">The model's sizes.</param>
public sealed class VqaCosts(BlipConfig config) : IPairCosts
{
    private readonly PairCosts costs = new(Accounting.Paper, textTokens => BlipCosts.Vqa(config.Uncompressed, textTokens), textTokens => BlipCosts.Vqa(config, textTokens));

    /// <inheritdoc/>
    public long Dense(int textTokens) => costs.Dense(textTokens);

    /// <inheritdoc/>
    public long Whole(int textTokens) => costs.Whole(textTokens);

    /// <inheritdoc/>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var method = ReductionCost.Of(trace.Policy);
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        var questions = trace.Of("text_encoder").Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, questions, textLengths).Select((length, pair) =>
        {
            var (image, question) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(questions, pair));
            return costs.Reduced(length, method, () => MacLedger.For(BlipCosts.Vqa(config, length)).WithTokens(image, question, method).Total(Accounting.Paper), image, question);
        })];
    }
}

/// <summary>What single image-text pairs cost BLIP: both encoded and compared, then read together.</summary>
public sealed class RetrievalPairCosts(BlipConfig config) : IPairCosts
{
    private readonly PairCosts costs = new(Accounting.Paper, textTokens => Model(config.Uncompressed, textTokens), textTokens => Model(config, textTokens));

    /// <summary>The cost model of a pair for BLIP of any size, its text of <paramref name="textTokens"/> tokens.</summary>
    public static RetrievalPairCost Model(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new RetrievalPairCost
        {
            Name = "blip-retrieval pair",
            Vision = BlipCosts.Vision(config.Vision),
            Text = BlipCosts.Text(config.Text),
            TextTokens = textTokens,
            EmbedWidth = config.EmbedWidth,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <inheritdoc/>
    public long Dense(int textTokens) => costs.Dense(textTokens);

    /// <inheritdoc/>
    public long Whole(int textTokens) => costs.Whole(textTokens);

    /// <summary>
    /// Multiply-accumulates of each pair of a batch that was traced ('paper' accounting): images encoded, texts encoded, then every
    /// text read with its image, in this order of the texts' passes.
    /// </summary>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var method = ReductionCost.Of(trace.Policy);
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        var alone = trace.Of("text_encoder").Take(config.Text.Layers).ToArray();
        var read = trace.Of("text_encoder").Skip(config.Text.Layers).Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, alone, textLengths).Select((length, pair) =>
        {
            var (image, text, match) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(alone, pair), PairCosts.Counts(read, pair));
            return costs.Reduced(length, method, () => Total(length, image, text, match, method), image, text, match);
        })];
    }

    private long Total(int length, int[]? image, int[]? text, int[]? match, ReductionCost method) =>
        MacLedger.For(Model(config, length) with { Matching = match }).WithTokens(image, text, method).Total(Accounting.Paper);
}

/// <summary>What single image-text pairs cost CLIP at inference ('deploy' accounting).</summary>
public sealed class ClipPairCosts(ClipConfig config) : IPairCosts
{
    private readonly PairCosts costs = new(Accounting.Deploy, textTokens => Model(config.Uncompressed, textTokens), textTokens => Model(config, textTokens));

    /// <summary>The cost model of CLIP of any size, reading a text of <paramref name="textTokens"/> tokens.</summary>
    public static ClipCost Model(ClipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        var (vision, text) = (config.Vision, config.Text);
        return new ClipCost
        {
            Name = "clip",
            Vision = new VisionDims { ImageSize = vision.ImageSize, PatchSize = vision.PatchSize, Width = vision.Width, Depth = vision.Layers, HeadWidth = vision.Width / vision.Heads, Layers = vision.PrunedWidths },
            Text = new TextDims { Width = text.Width, Depth = text.Layers, HeadWidth = text.Width / text.Heads, Vocabulary = text.VocabularySize, Layers = text.PrunedWidths },
            TextTokens = textTokens,
            EmbedWidth = config.EmbedWidth,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <inheritdoc/>
    public long Dense(int textTokens) => costs.Dense(textTokens);

    /// <inheritdoc/>
    public long Whole(int textTokens) => costs.Whole(textTokens);

    /// <inheritdoc/>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var method = ReductionCost.Of(trace.Policy);
        var images = trace.Of("visual").Take(config.Vision.Layers).ToArray();
        var texts = trace.Of("transformer").Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, texts, textLengths).Select((length, pair) =>
        {
            var (image, text) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(texts, pair));
            return costs.Reduced(length, method, () => MacLedger.For(Model(config, length)).WithTokens(image, text, method).Total(Accounting.Deploy), image, text);
        })];
    }
}

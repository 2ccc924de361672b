using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

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
        var method = trace.Policy;
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        var alone = trace.Of("text_encoder").Take(config.Text.Layers).ToArray();
        var read = trace.Of("text_encoder").Skip(config.Text.Layers).Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, alone, textLengths).Select((length, pair) =>
        {
            var (image, text, match) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(alone, pair), PairCosts.Counts(read, pair));
            return costs.Reduced(length, method, () => Total(length, image, text, match, method), image, text, match);
        })];
    }

    private long Total(int length, int[]? image, int[]? text, int[]? match, ReductionPolicy? method) =>
        MacLedger.For(Model(config, length) with { Matching = match }).WithTokens(image, text, method).Total(Accounting.Paper);
}

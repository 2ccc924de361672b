using Madtp.Kit.Models.Clip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

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
        var method = trace.Policy;
        var images = trace.Of("visual").Take(config.Vision.Layers).ToArray();
        var texts = trace.Of("transformer").Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, texts, textLengths).Select((length, pair) =>
        {
            var (image, text) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(texts, pair));
            return costs.Reduced(length, method, () => MacLedger.For(Model(config, length)).WithTokens(image, text, method).Total(Accounting.Deploy), image, text);
        })];
    }
}

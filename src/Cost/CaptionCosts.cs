using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

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
        var method = trace.Policy;
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        return [.. textLengths.Select((length, pair) =>
        {
            var image = PairCosts.Counts(images, imageOfText?[pair] ?? pair);
            return costs.Reduced(length, method, () => MacLedger.For(BlipCosts.Caption(config, length)).WithTokens(image, null, method).Total(Accounting.Paper), image);
        })];
    }
}

using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

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
        var method = trace.Policy;
        var images = trace.Of("visual_encoder").Take(config.Vision.Depth).ToArray();
        var questions = trace.Of("text_encoder").Take(config.Text.Layers).ToArray();
        return [.. PairCosts.TextLengths(trace.Policy, questions, textLengths).Select((length, pair) =>
        {
            var (image, question) = (PairCosts.Counts(images, imageOfText?[pair] ?? pair), PairCosts.Counts(questions, pair));
            return costs.Reduced(length, method, () => MacLedger.For(BlipCosts.Vqa(config, length)).WithTokens(image, question, method).Total(Accounting.Paper), image, question);
        })];
    }
}

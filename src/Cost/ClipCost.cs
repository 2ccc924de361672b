using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>
/// CLIP. The published pass is a training forward with momentum copies and queues, about twice what one image and one text cost at
/// inference.
/// </summary>
public sealed record ClipCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public required int EmbedWidth { get; init; }

    /// <summary>Entries of each queue.</summary>
    public int Queue { get; init; } = 57600;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        VisionRows.Clip(ledger, "visual", this, counts.OfImage(0), method, Times.Once);
        VisionRows.Clip(ledger, "visual_m", this, counts.OfImage(0), method, Times.OnPaper(1));
        TextTower(ledger, "", counts.Text, method, Times.Once);
        TextTower(ledger, "_m", counts.Text, method, Times.OnPaper(1));
        ledger.Linear("queue.similarities", 4, EmbedWidth, Queue + 1, Times.OnPaper(1));
        ledger.Model("similarity", EmbedWidth, Times.AtInference(1, 1));
    }

    private void TextTower(LedgerBuilder ledger, string copy, IReadOnlyList<int>? after, ReductionPolicy? method, Times times)
    {
        CountsCheck.Layers("text", TextTokens, Text.Depth, after);
        long tokens = TextTokens;
        for (var layer = 0; layer < Text.Depth; layer++)
        {
            var block = $"transformer{copy}.resblocks.{layer}";
            var left = after is null ? tokens : after[layer];
            VisionRows.Block(ledger, block, VisionRows.ClipNames, tokens, left, Text.Width, Text.Widths(layer), times);
            if (after is null)
            {
                ReductionRows.Dense(ledger, block, tokens, Text.Width, Alignment, times);
            }
            else
            {
                ReductionRows.Reduced(ledger, block, tokens, left, Text.Width, Text.HeadWidth, Alignment, method, times);
            }

            tokens = left;
        }

        ledger.Norm($"ln_final{copy}", tokens, Text.Width, times);
        ledger.Linear($"text_projection{copy}", 1, Text.Width, EmbedWidth, times);
    }
}

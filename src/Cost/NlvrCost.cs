using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>BLIP on NLVR2: two images, one statement, twin cross-attention. The published pass is also what an answer costs.</summary>
public sealed record NlvrCost : CostModel
{
    /// <summary>First text layer that merges its two cross-attention outputs by a linear map.</summary>
    public int MergeFrom { get; init; } = 6;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        var sources = new (long, int)[2];
        for (var image = 0; image < 2; image++)
        {
            sources[image] = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(image), method, Times.Once), Vision.Width);
        }

        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = TextTokens,
            Times = Times.Once,
            Sources = sources,
            KeyTimes = Times.Once,
            MergeFrom = MergeFrom,
            After = counts.Text,
        }, method);
        ledger.Linear("cls_head.0", 1, Text.Width, Text.Width, Times.Once);
        ledger.Linear("cls_head.2", 1, Text.Width, 2, Times.Once);
    }
}

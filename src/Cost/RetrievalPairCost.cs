using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>
/// What it costs BLIP to find out whether one text belongs to one image: both encoded, compared, and read together. What a
/// temperature is calibrated on, since it counts each encoder once and nothing that only training needs.
/// </summary>
public sealed record RetrievalPairCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public required int EmbedWidth { get; init; }

    /// <summary>Tokens that leave each text layer where the text is read with its image; null where nothing is pruned.</summary>
    public IReadOnlyList<int>? Matching { get; init; }

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        var image = VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once);
        BertRows.Encode(ledger, this, Pass(counts.Text), method);
        ledger.Linear("vision_proj", 1, Vision.Width, EmbedWidth, Times.Once);
        ledger.Linear("text_proj", 1, Text.Width, EmbedWidth, Times.Once);
        BertRows.Encode(ledger, this, Pass(Matching) with { Sources = [(image, Vision.Width)], KeyTimes = Times.Once }, method);
        ledger.Linear("itm_head", 1, Text.Width, 2, Times.Once);
    }

    private BertRows.Pass Pass(IReadOnlyList<int>? after) => new() { Name = "text_encoder", Tokens = TextTokens, Times = Times.Once, After = after };
}

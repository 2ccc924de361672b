using Madtp.Kit.Madtp;


namespace Madtp.Kit.Cost;

/// <summary>
/// BLIP retrieval. The published pass is a training forward: momentum copies, queues, image-text matching with one positive and two
/// negatives. The deployed figures are those of re-ranking a whole test set, the stage that decides the cost:
/// every text's best images and every image's best texts, <see cref="Kept"/> each.
/// </summary>
public sealed record RetrievalCost : CostModel
{
    /// <summary>Width of the shared embedding.</summary>
    public int EmbedWidth { get; init; } = 256;

    /// <summary>Entries of each queue.</summary>
    public int Queue { get; init; } = 57600;

    /// <summary>Images of the test set.</summary>
    public int Images { get; init; } = 5000;

    /// <summary>Texts of the test set.</summary>
    public int Texts { get; init; } = 25000;

    /// <summary>Candidates that are re-ranked for each query (k_test).</summary>
    public int Kept { get; init; } = 256;

    /// <summary>Tokens of a text in re-ranking; 0 for as many as the published pass pads to.</summary>
    public int PairTokens { get; init; }

    /// <summary>Pairs that are re-ranked.</summary>
    public long Pairs => ((long)Images + Texts) * Kept;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        var online = VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.OnPaper(1));
        VisionRows.Blip(ledger, "visual_encoder_m", this, counts.OfImage(0), method, Times.OnPaper(1));
        foreach (var copy in (ReadOnlySpan<string>)["", "_m"])
        {
            BertRows.Encode(ledger, this, new BertRows.Pass { Name = $"text_encoder{copy}", Tokens = TextTokens, Times = Times.OnPaper(1), After = counts.Text }, method);
            ledger.Linear($"vision_proj{copy}", 1, Vision.Width, EmbedWidth, Times.OnPaper(1));
            ledger.Linear($"text_proj{copy}", 1, Text.Width, EmbedWidth, Times.OnPaper(1));
        }

        // Each side of the online and of the momentum pair against the queue and the one entry of the batch.
        ledger.Linear("queue.similarities", 4, EmbedWidth, Queue + 1, Times.OnPaper(1));
        Match(ledger, online, TextTokens, Times.OnPaper(3), Times.OnPaper(3), counts, method);
        var tokens = PairTokens == 0 || counts.Text is not null ? TextTokens : PairTokens;
        Match(ledger, online, tokens, Times.AtInference(Pairs, Pairs), Times.AtInference(Images, Pairs), counts, method);
    }

    private void Match(LedgerBuilder ledger, long image, int tokens, Times times, Times keys, TokenCounts counts, ReductionPolicy? method)
    {
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = tokens,
            Times = times,
            Sources = [(image, Vision.Width)],
            KeyTimes = keys,
            After = counts.Text,
        }, method);
        ledger.Linear("itm_head", 1, Text.Width, 2, times);
    }
}

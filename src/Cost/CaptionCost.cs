using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>
/// BLIP captioning. The published pass is one teacher-forced decoder pass over <see cref="CostModel.TextTokens"/> tokens;
/// an answer is a beam search.
/// </summary>
public sealed record CaptionCost : CostModel
{
    /// <summary>Width of the beam search.</summary>
    public int Beams { get; init; } = 3;

    /// <summary>Tokens of the prompt ("a picture of", begun by the decoder's start token).</summary>
    public int PromptTokens { get; init; } = 4;

    /// <summary>Decoding steps, the first of which reads the prompt.</summary>
    public int Steps { get; init; } = 16;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        var image = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once), Vision.Width);
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = TextTokens,
            Times = Times.OnPaper(1),
            Sources = [image],
            KeyTimes = Times.OnPaper(1),
            Aligned = false,
        }, method);
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, TextTokens, Times.OnPaper(1));

        long inputs = PromptTokens + Steps - 1;
        BertRows.Decode(ledger, this, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = inputs,
            Times = Times.AtInference(Beams, Beams),
            Sources = [image],
            KeyTimes = Times.AtInference(1, (long)Beams * Steps),
        }, inputs, SelfAttentionPairs());

        // The next token follows from the last position alone; the released code answers every position of the prompt.
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, 1, Times.AtInference((long)Beams * Steps, Beams * inputs));
    }

    /// <summary>Query-key pairs of one beam: the prompt against itself, then one query against all that came before it.</summary>
    private long SelfAttentionPairs()
    {
        long pairs = (long)PromptTokens * PromptTokens;
        for (var step = 1; step < Steps; step++)
        {
            pairs += PromptTokens + step;
        }

        return pairs;
    }
}

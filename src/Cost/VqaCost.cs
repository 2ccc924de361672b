using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>
/// BLIP VQA. The published pass is a training forward over one image, many questions and many answers, whose image and question
/// keys are computed once; an answer is one question ranked against candidates.
/// </summary>
public sealed record VqaCost : CostModel
{
    /// <summary>The answer decoder; the same as the question encoder if null.</summary>
    public TextDims? Decoder { get; init; }

    /// <summary>Questions of the published pass, padded to <see cref="CostModel.TextTokens"/>.</summary>
    public int Questions { get; init; } = 32;

    /// <summary>Answers of the published pass.</summary>
    public int Answers { get; init; } = 47;

    /// <summary>Tokens each of those answers is padded to.</summary>
    public int AnswerTokens { get; init; } = 5;

    /// <summary>Tokens of the one question that is answered.</summary>
    public int QuestionTokens { get; init; } = 9;

    /// <summary>Candidates that are ranked in full (k_test).</summary>
    public int Candidates { get; init; } = 128;

    /// <summary>Tokens each candidate is padded to.</summary>
    public int CandidateTokens { get; init; } = 6;

    /// <inheritdoc/>
    internal override void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method)
    {
        var image = (VisionRows.Blip(ledger, "visual_encoder", this, counts.OfImage(0), method, Times.Once), Vision.Width);
        var questionTokens = counts.Text is null ? TextTokens : counts.Text[^1];
        var askedTokens = counts.Text is null ? QuestionTokens : counts.Text[^1];
        Question(ledger, image, TextTokens, Times.OnPaper(Questions), Times.OnPaper(1), counts, method);
        Answer(ledger, questionTokens, AnswerTokens, Times.OnPaper(Answers), Times.OnPaper(1), method);

        // With counts given they are those of the one question asked, which then is as long as the counted text.
        Question(ledger, image, counts.Text is null ? QuestionTokens : TextTokens, Times.AtInference(1, 1), Times.AtInference(1, 1), counts, method);
        Answer(ledger, askedTokens, 1, Times.AtInference(1, 1), Times.AtInference(0, 1), method);
        Answer(ledger, askedTokens, CandidateTokens, Times.AtInference(Candidates, Candidates), Times.AtInference(1, Candidates), method);
    }

    private void Question(LedgerBuilder ledger, (long Tokens, int Width) image, int tokens, Times times, Times keys, TokenCounts counts, ReductionPolicy? method) =>
        BertRows.Encode(ledger, this, new BertRows.Pass
        {
            Name = "text_encoder",
            Tokens = tokens,
            Times = times,
            Sources = [image],
            KeyTimes = keys,
            After = counts.Text,
        }, method);

    private void Answer(LedgerBuilder ledger, long question, int tokens, Times times, Times keys, ReductionPolicy? method)
    {
        BertRows.Encode(ledger, this with { Text = Decoder ?? Text }, new BertRows.Pass
        {
            Name = "text_decoder.bert",
            Tokens = tokens,
            Times = times,
            Sources = [(question, Text.Width)],
            KeyTimes = keys,
            Aligned = false,
        }, method);
        BertRows.LanguageHead(ledger, "text_decoder.cls.predictions", Text, tokens, times);
    }
}

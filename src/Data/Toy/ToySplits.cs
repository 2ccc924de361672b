using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's NLVR2 splits drawn into memory: the same pairs and pixels as in its files.</summary>
public static class ToyNlvr2Pairs
{
    /// <summary>Draws a split.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static NlvrPairs Draw(string split, ToyWorldSettings? settings = null, int? limit = null)
    {
        var drawn = (settings ?? new ToyWorldSettings()).Draw(split, limit, ToyPair.DrawSet);
        return Of(
            [.. drawn.Select(pair => (pair.Sentence, pair.Label, pair.Kind))],
            [.. drawn.SelectMany(pair => new[] { pair.Left, pair.Right })],
            ToyTokens.Tokenizer,
            (pair, tokens) => ToyGrounding.Of(tokens, drawn[pair].Left, drawn[pair].Right));
    }

    /// <summary>What is said of pairs of scenes, as models read it.</summary>
    /// <param name="scenes">Of each statement the left one and the right one.</param>
    /// <param name="counts">How many of what its tokens name are in each of a pair's scenes.</param>
    internal static NlvrPairs Of(
        IReadOnlyList<(string Sentence, bool Label, string Kind)> said, IReadOnlyList<DrawnScene> scenes,
        BertWordPiece tokenizer, Func<int, string[], sbyte[]> counts)
    {
        var (pixels, patches) = ToyRenderer.Paint(scenes);
        int[][] tokens = [.. said.Select(one => NlvrPairs.Tokens(tokenizer, one.Sentence))];
        return new NlvrPairs(
            pixels, scenes[0].Side, tokens, [.. said.Select(one => one.Label)], [.. said.Select(one => one.Kind)], patches,
            [.. tokens.Select((ids, pair) => counts(pair, tokenizer.Tokens(ids)))], tokenizer.PaddingId);
    }
}

/// <summary>The toy world's captioned scenes drawn straight into memory, their captions as either model reads them; splits are
/// <c>train</c>, <c>val</c> and <c>test</c>, the world the usual one where none is given.</summary>
public static class ToyCaptionedImages
{
    /// <summary>A split whose captions begin with [CLS] and end with [SEP], as BLIP reads them.</summary>
    public static CaptionedImages DrawForBlip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.MatchedCaption);

    /// <summary>A split whose captions begin with [DEC] and the prompt, as BLIP learns to write them.</summary>
    public static CaptionedImages DrawForCaptioning(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.Caption);

    /// <summary>A split whose captions begin and end with the two ids after the vocabulary's last, as CLIP reads them.</summary>
    public static CaptionedImages DrawForClip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ToyTokens.ClipCaption(ToyTokens.Tokenizer, caption));

    private static CaptionedImages Draw(string split, ToyCaptionSettings? settings, Func<string, int[]> tokens)
    {
        var pictures = ToyPicture.DrawSplit(split, settings);
        var (pixels, patches) = ToyRenderer.Paint([.. pictures.Select(picture => picture.Scene)]);
        return new CaptionedImages(
            pixels, ToyScene.Size, [.. pictures.Select(picture => picture.Captions.Select(tokens).ToArray())], patches);
    }
}

/// <summary>The toy world's questions drawn straight into memory, with their images, as the toy BLIP reads them.</summary>
public static class ToyQuestionedImages
{
    /// <summary>A split.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The captioned scenes that are asked about; the usual ones if null.</param>
    public static QuestionedImages Draw(string split, ToyCaptionSettings? settings = null)
    {
        var pictures = ToyPicture.DrawSplit(split, settings);
        var (pixels, patches) = ToyRenderer.Paint([.. pictures.Select(picture => picture.Scene)]);
        int[][][] ids = [.. pictures.Select(
            picture => picture.Questions.Select(q => ToyTokens.Question(q.Question.Text)).ToArray())];
        return new QuestionedImages(
            new CaptionedImages(pixels, ToyScene.Size, ids, patches),
            [.. pictures.SelectMany(picture => picture.Questions).Select(q => VqaAnswer.Weigh(q.Answers)
                .Select(answer => (ToyTokens.Answer(answer.Text), answer.Weight)).ToArray())],
            [.. pictures.SelectMany(picture => picture.Questions.Select((q, n) => new VqaQuestion(
                picture.QuestionId(n),
                q.Question.QuestionType,
                q.Question.AnswerType,
                [.. q.Answers.Select((answer, person) => new VqaHumanAnswer(answer, Number: person + 1))])))],
            [.. pictures.Zip(ids)
                .SelectMany(of => of.Second.Select(
                    question => ToyGrounding.Of(ToyTokens.Tokenizer.Tokens(question), of.First.Scene, of.First.Scene)))]);
    }

    /// <summary>The answers that are chosen among: those of the training questions, most frequent first.</summary>
    public static IReadOnlyList<string> AnswerList(ToyCaptionSettings? settings = null) =>
        ToyQuestions.Answers(ToyPicture.DrawSplit("train", settings));
}

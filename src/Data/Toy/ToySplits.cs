namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's captioned scenes drawn straight into memory, their captions as either model reads them; splits are
/// <c>train</c>, <c>val</c> and <c>test</c>, the world the usual one where none is given.</summary>
public static class ToyCaptionedImages
{
    /// <summary>A split whose captions begin with [CLS] and end with [SEP], as BLIP reads them.</summary>
    public static CaptionedImages DrawForBlip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.Texts.Caption);

    /// <summary>A split whose captions begin with [DEC] and the prompt, as BLIP learns to write them.</summary>
    public static CaptionedImages DrawForCaptioning(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.Texts.WrittenCaption);

    /// <summary>A split whose captions begin and end with the two ids after the vocabulary's last, as CLIP reads them.</summary>
    public static CaptionedImages DrawForClip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ToyTokens.ClipCaption(ToyTokens.Tokenizer, caption));

    private static CaptionedImages Draw(string split, ToyCaptionSettings? settings, Func<string, int[]> tokens)
    {
        var pictures = ToyPictures.DrawSplit(split, settings);
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
        var pictures = ToyPictures.DrawSplit(split, settings);
        var (pixels, patches) = ToyRenderer.Paint([.. pictures.Select(picture => picture.Scene)]);
        int[][][] ids = [.. pictures.Select(
            picture => picture.Questions.Select(q => ToyTokens.Texts.Question(q.Text)).ToArray())];
        VqaExample[] asked = [.. pictures.SelectMany(picture => picture.Questions.Select((q, n) => new VqaExample(
            picture.QuestionId(n), q.Text, picture.File, q.Answers, q.QuestionType, q.AnswerType)))];
        return new QuestionedImages(
            pixels, ToyScene.Size, ids,
            [.. asked.Select(q => q.Answers.Select(answer => (ToyTokens.Texts.Answer(answer.Text), answer.Weight)).ToArray())],
            [.. asked.Select(q => q.ToScore())], patches,
            [.. pictures.Zip(ids).SelectMany(of => of.Second.Select(
                question => Grounding.Of(ToyTokens.Tokenizer.Tokens(question), of.First.Scene, of.First.Scene)))]);
    }

    /// <summary>The answers that are chosen among: those of the training questions, most frequent first.</summary>
    public static IReadOnlyList<string> AnswerList(ToyCaptionSettings? settings = null) =>
        ToyQuestions.Answers(ToyPictures.DrawSplit("train", settings));
}

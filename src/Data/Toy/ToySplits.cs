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
        settings ??= new ToyWorldSettings();
        var (_, number, pairs) = settings.Split(split);
        var sets = (Math.Min(limit ?? pairs, pairs) + ToyPair.PerSet - 1) / ToyPair.PerSet;
        var drawn = new ToyPair[sets * ToyPair.PerSet];
        Parallel.For(0, sets, set => ToyPair.DrawSet(settings.Seed, number, set).CopyTo(drawn, set * ToyPair.PerSet));
        var (pixels, patches) = Paint([.. drawn.SelectMany(pair => new[] { pair.Left, pair.Right })]);
        int[][] tokens = [.. drawn.Select(pair => NlvrPairs.Tokens(ToyTokens.Tokenizer, pair.Sentence))];
        return new NlvrPairs(
            pixels,
            ToyScene.Size,
            tokens,
            [.. drawn.Select(pair => pair.Label)],
            [.. drawn.Select(pair => pair.Kind)],
            patches,
            [.. drawn.Select((pair, i) => ToyGrounding.Of(tokens[i], pair.Left, pair.Right))],
            ToyTokens.Tokenizer.PaddingId);
    }

    /// <summary>The pixels of scenes, <c>[I, H, W, 3]</c>, and what each patch of them shows, <c>[I, patches]</c>.</summary>
    internal static (byte[] Pixels, byte[] Patches) Paint(IReadOnlyList<ToyScene> scenes)
    {
        const int bytes = ToyScene.Size * ToyScene.Size * 3;
        var pixels = new byte[scenes.Count * bytes];
        var patches = new byte[scenes.Count * ToyScene.Patches];
        Parallel.For(0, scenes.Count, i =>
        {
            ToyRenderer.Render(scenes[i]).CopyTo(pixels, i * bytes);
            ToyRenderer.PatchClasses(scenes[i]).CopyTo(patches, i * ToyScene.Patches);
        });
        return (pixels, patches);
    }
}

/// <summary>The toy world's captioned scenes drawn straight into memory, their captions as either model reads them.</summary>
public static class ToyCaptionedImages
{
    /// <summary>A split whose captions begin with [CLS] and end with [SEP], as BLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForBlip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.MatchedCaption);

    /// <summary>A split whose captions begin with [DEC] and the prompt, as BLIP learns to write them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForCaptioning(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, ToyTokens.Caption);

    /// <summary>A split whose captions begin and end with the two ids after the vocabulary's last, as CLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForClip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ToyTokens.ClipCaption(ToyTokens.Tokenizer, caption));

    private static CaptionedImages Draw(string split, ToyCaptionSettings? settings, Func<string, int[]> tokens)
    {
        var scenes = ToyCaptionedScene.DrawSplit(split, settings);
        var (pixels, patches) = ToyNlvr2Pairs.Paint([.. scenes.Select(scene => scene.Scene)]);
        return new CaptionedImages(
            pixels, ToyScene.Size, [.. scenes.Select(scene => scene.Captions.Select(tokens).ToArray())], patches);
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
        var pictures = Pictures(split, settings);
        var (pixels, patches) = ToyNlvr2Pairs.Paint([.. pictures.Select(picture => picture.Scene)]);
        int[][][] ids = [.. pictures.Select(
            picture => picture.Questions.Select(q => ToyTokens.Question(q.Question.Text)).ToArray())];
        var all = pictures.SelectMany(picture => picture.Questions).ToArray();
        return new QuestionedImages(
            new CaptionedImages(pixels, ToyScene.Size, ids, patches),
            [.. all.Select(q => VqaAnswer.Weigh(q.Answers).Select(answer => (ToyTokens.Answer(answer.Text), answer.Weight))
                .ToArray())],
            [.. pictures.SelectMany(picture => picture.Questions.Select((q, n) => new VqaQuestion(
                picture.QuestionId(n),
                q.Question.QuestionType,
                q.Question.AnswerType,
                [.. q.Answers.Select((answer, person) => new VqaHumanAnswer(answer, Number: person + 1))])))],
            [.. pictures.Zip(ids)
                .SelectMany(of => of.Second.Select(question => ToyGrounding.Of(question, of.First.Scene, of.First.Scene)))]);
    }

    /// <summary>The answers that are chosen among: those of the training questions, most frequent first.</summary>
    /// <param name="settings">The captioned scenes that are asked about; the usual ones if null.</param>
    public static IReadOnlyList<string> AnswerList(ToyCaptionSettings? settings = null) =>
        ToyQuestions.Answers(Pictures("train", settings));

    private static ToyPicture[] Pictures(string split, ToyCaptionSettings? settings) =>
        ToyPicture.DrawSplit(split, settings ?? new ToyCaptionSettings(), ToyPictureWorld.FirstCocoImage(split));
}

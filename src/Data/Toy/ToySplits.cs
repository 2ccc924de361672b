using Madtp.Kit.Metrics;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's NLVR2 splits drawn straight into memory: the same pairs and pixels as in its files, without the files.</summary>
public static class ToyNlvr2Pairs
{
    private const int MaxWords = 40;

    /// <summary>
    /// Draws a split.
    /// </summary>
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
        var pixels = new byte[drawn.Length * 2 * ImageBytes];
        var patches = new byte[drawn.Length * 2 * ToyScene.Patches];
        Parallel.For(0, sets, set =>
        {
            var members = ToyPair.DrawSet(settings.Seed, number, set);
            for (var i = 0; i < members.Length; i++)
            {
                var at = (set * ToyPair.PerSet) + i;
                drawn[at] = members[i];
                Paint(members[i].Left, 2 * at, pixels, patches);
                Paint(members[i].Right, (2 * at) + 1, pixels, patches);
            }
        });
        var tokenizer = Tokenizer();
        int[][] tokens = [.. drawn.Select(pair => Tokens(tokenizer, pair.Sentence))];
        return new NlvrPairs(
            pixels,
            ToyScene.Size,
            tokens,
            [.. drawn.Select(pair => pair.Label)],
            [.. drawn.Select(pair => pair.Kind)],
            patches,
            [.. drawn.Select((pair, i) => ToyGrounding.Of(tokenizer, tokens[i], pair))],
            tokenizer.PaddingId);
    }

    /// <summary>The tokenizer of the toy world's vocabulary.</summary>
    public static BertWordPiece Tokenizer() => BertWordPiece.Create(ToyVocabulary.Tokens, source: "the toy world's vocabulary");

    /// <summary>A statement's tokens as BLIP NLVR2 reads them, [ENC] first.</summary>
    public static int[] Tokens(BertWordPiece tokenizer, string sentence)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = tokenizer.EncodeWithSpecials(BlipText.PreCaption(sentence, MaxWords));
        ids[0] = tokenizer.EncoderId!.Value;
        return ids;
    }

    private const int ImageBytes = ToyScene.Size * ToyScene.Size * 3;

    private static void Paint(ToyScene scene, int image, byte[] pixels, byte[] patches)
    {
        ToyRenderer.Render(scene).CopyTo(pixels, image * ImageBytes);
        ToyRenderer.PatchClasses(scene).CopyTo(patches, image * ToyScene.Patches);
    }
}

/// <summary>The toy world's captioned scenes drawn straight into memory, their captions as either model reads them.</summary>
public static class ToyCaptionedImages
{
    private const int MaxWords = 30;
    private const int ImageBytes = ToyScene.Size * ToyScene.Size * 3;

    /// <summary>Words of the toy CLIP: the toy vocabulary, then start and end of text.</summary>
    public static int ClipVocabularySize => ToyTokens.VocabularySize + 2;

    /// <summary>Id of [ENC] in the toy world's vocabulary.</summary>
    public static int EncodeId => ToyTokens.EncodeId;

    /// <summary>A split whose captions begin with [CLS] and end with [SEP], as BLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForBlip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ToyTokens.Tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords)));

    /// <summary>A split whose captions begin with [DEC] and the prompt, as BLIP learns to write them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForCaptioning(string split, ToyCaptionSettings? settings = null) => Draw(split, settings, ToyTokens.Caption);

    /// <summary>A split whose captions begin and end with the two ids after the vocabulary's last, as CLIP reads them.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    public static CaptionedImages DrawForClip(string split, ToyCaptionSettings? settings = null) =>
        Draw(split, settings, caption => ClipTokens(ToyTokens.Tokenizer, caption));

    /// <summary>A caption's tokens as the toy CLIP reads them: between the two ids after the vocabulary's last.</summary>
    /// <param name="tokenizer">The toy world's vocabulary with BLIP's two tokens.</param>
    /// <param name="caption">The caption as written.</param>
    public static int[] ClipTokens(BertWordPiece tokenizer, string caption)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return [tokenizer.VocabularySize, .. tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), tokenizer.VocabularySize + 1];
    }

    private static CaptionedImages Draw(string split, ToyCaptionSettings? settings, Func<string, int[]> tokens)
    {
        var scenes = ToyCaptionedScene.DrawSplit(split, settings);
        var pixels = new byte[scenes.Count * ImageBytes];
        var patches = new byte[scenes.Count * ToyScene.Patches];
        Parallel.For(0, scenes.Count, i =>
        {
            ToyRenderer.Render(scenes[i].Scene).CopyTo(pixels, i * ImageBytes);
            ToyRenderer.PatchClasses(scenes[i].Scene).CopyTo(patches, i * ToyScene.Patches);
        });
        return new CaptionedImages(pixels, ToyScene.Size, [.. scenes.Select(scene => (IReadOnlyList<int[]>)[.. scene.Captions.Select(tokens)])], patches);
    }
}

/// <summary>The toy world's questions drawn straight into memory, with their images, as the toy BLIP reads them.</summary>
public static class ToyQuestionedImages
{
    private const int ImageBytes = ToyScene.Size * ToyScene.Size * 3;

    /// <summary>A split.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The captioned scenes that are asked about; the usual ones if null.</param>
    public static QuestionedImages Draw(string split, ToyCaptionSettings? settings = null)
    {
        var pictures = ToyPicture.DrawSplit(split, settings ?? new ToyCaptionSettings(), ToyPictureWorld.FirstCocoImage(split));
        var pixels = new byte[pictures.Length * ImageBytes];
        var patches = new byte[pictures.Length * ToyScene.Patches];
        Parallel.For(0, pictures.Length, i =>
        {
            ToyRenderer.Render(pictures[i].Scene).CopyTo(pixels, i * ImageBytes);
            ToyRenderer.PatchClasses(pictures[i].Scene).CopyTo(patches, i * ToyScene.Patches);
        });
        var all = pictures.SelectMany(p => p.Questions.Select((q, n) => (Picture: p, Number: n, q.Question, q.Answers, Ids: ToyTokens.Question(q.Question.Text)))).ToArray();
        var images = new CaptionedImages(pixels, ToyScene.Size, [.. pictures.Select(p => (IReadOnlyList<int[]>)[.. p.Questions.Select(q => ToyTokens.Question(q.Question.Text))])], patches);
        return new QuestionedImages(
            images,
            [.. all.Select(q => Weighted(q.Answers))],
            [.. all.Select(q => new VqaQuestion(((long)q.Picture.Id * 1000) + q.Number, q.Question.QuestionType, q.Question.AnswerType, [.. q.Answers.Select((answer, n) => new VqaHumanAnswer(answer, Number: n + 1))]))],
            [.. all.Select(q => ToyGrounding.Of([.. q.Ids.Select(ToyTokens.Tokenizer.TokenOf)], q.Picture.Scene, q.Picture.Scene))]);
    }

    /// <summary>The answers that are chosen among: those of the training questions, most frequent first.</summary>
    public static IReadOnlyList<string> AnswerList(ToyCaptionSettings? settings = null)
    {
        var world = settings ?? new ToyCaptionSettings();
        return [.. ToyPicture.DrawSplit("train", world, ToyPictureWorld.FirstCocoImage("train")).SelectMany(p => p.Questions)
            .GroupBy(q => q.Question.Answer).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key)];
    }

    // As BLIP weighs them: each answer by the share of people who gave it.
    private static IReadOnlyList<(int[] Ids, float Weight)> Weighted(IReadOnlyList<string> answers) =>
        [.. answers.GroupBy(answer => answer, StringComparer.Ordinal).Select(g => (ToyTokens.Answer(g.Key), (float)g.Count() / answers.Count))];
}

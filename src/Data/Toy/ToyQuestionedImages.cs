using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Data.Vqa;
using Madtp.Kit.Metrics;

namespace Madtp.Kit.Data.Toy;

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

namespace Madtp.Kit.Data.Toy;

/// <summary>A captioned scene with questions: one image of the toy COCO, Flickr30k and VQA.</summary>
/// <param name="Id">The image's number.</param>
/// <param name="Scene">What it shows.</param>
/// <param name="Captions">What is said of it.</param>
/// <param name="Questions">Questions with ten answers each.</param>
public sealed record ToyPicture(int Id, ToyScene Scene, IReadOnlyList<string> Captions, IReadOnlyList<(ToyQuestion Question, IReadOnlyList<string> Answers)> Questions)
{
    private const int QuestionsEach = 4;

    // Keeps the questions' choices apart from all other choices of the same seed.
    private const ulong QuestionStream = 1_000;

    /// <summary>The pictures of a split of captioned scenes, numbered one after the other.</summary>
    /// <param name="split"><c>train</c>, <c>val</c> or <c>test</c>.</param>
    /// <param name="settings">The captioned scenes.</param>
    /// <param name="firstId">The first picture's number; the others follow.</param>
    public static ToyPicture[] DrawSplit(string split, ToyCaptionSettings settings, int firstId)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return [.. ToyCaptionedScene.DrawSplit(split, settings).Select((s, number) => Ask(s, firstId + number, settings.Seed))];
    }

    private static ToyPicture Ask(ToyCaptionedScene scene, int id, ulong seed)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, QuestionStream, (ulong)id));
        var questions = ToyQuestions.Ask(scene.Scene, QuestionsEach, random);
        return new ToyPicture(id, scene.Scene, scene.Captions, [.. questions.Select(q => (q, ToyQuestions.TenAnswers(q, random)))]);
    }
}

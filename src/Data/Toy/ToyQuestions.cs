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

/// <summary>A question about a scene.</summary>
/// <param name="Text">The question.</param>
/// <param name="Answer">Its answer.</param>
/// <param name="QuestionType">Its first words, as VQA v2 sorts questions.</param>
/// <param name="AnswerType">"yes/no", "number" or "other".</param>
/// <param name="Wrong">What someone may answer who did not look well.</param>
public sealed record ToyQuestion(string Text, string Answer, string QuestionType, string AnswerType, IReadOnlyList<string> Wrong);

/// <summary>Asks about a scene what can be answered by looking: colours, shapes, numbers, places, and whether something is there.</summary>
public static class ToyQuestions
{
    private static readonly Func<ToyScene, SeededRandom, ToyQuestion?>[] Kinds = [Color, Shape, CountAll, CountSome, IsThere, IsPlaced, WhatIsPlaced, Ground];

    private static readonly string[] Colors = [.. Enum.GetValues<ToyColor>().Select(ToyWords.Of)];
    private static readonly string[] Shapes = [.. Enum.GetValues<ToyShape>().Select(ToyWords.Of)];
    private static readonly string[] Grounds = [.. Enum.GetValues<ToyGround>().Select(ToyWords.Of)];

    /// <summary>Different questions about one scene.</summary>
    /// <param name="scene">What is asked about.</param>
    /// <param name="count">How many questions.</param>
    /// <param name="random">Chooses them.</param>
    public static IReadOnlyList<ToyQuestion> Ask(ToyScene scene, int count, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(scene);
        ArgumentNullException.ThrowIfNull(random);
        var questions = new List<ToyQuestion>();
        while (questions.Count < count)
        {
            if (random.Pick<Func<ToyScene, SeededRandom, ToyQuestion?>>(Kinds)(scene, random) is { } question && questions.TrueForAll(q => q.Text != question.Text))
            {
                questions.Add(question);
            }
        }

        return questions;
    }

    /// <summary>Ten people's answers: most right, now and then one or two who did not look well.</summary>
    /// <param name="question">The question.</param>
    /// <param name="random">Decides who looked well.</param>
    public static IReadOnlyList<string> TenAnswers(ToyQuestion question, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(random);
        var wrong = random.Next(4) == 0 ? 1 + random.Next(2) : 0;
        var answers = Enumerable.Range(0, 10).Select(i => i < wrong ? random.Pick<string>([.. question.Wrong]) : question.Answer).ToArray();
        random.Shuffle(answers.AsSpan());
        return answers;
    }

    private static ToyQuestion? Color(ToyScene scene, SeededRandom random)
    {
        var item = One(scene, random);
        return scene.Count(new ToyDescription(null, item.Shape)) == 1
            ? Question($"What color is the {ToyWords.Of(item.Shape)}?", ToyWords.Of(item.Color), "what color is the", "other", Colors)
            : null;
    }

    private static ToyQuestion? Shape(ToyScene scene, SeededRandom random)
    {
        var item = One(scene, random);
        return scene.Count(new ToyDescription(item.Color, null)) == 1
            ? Question($"What is the {ToyWords.Of(item.Color)} shape?", ToyWords.Of(item.Shape), "what is the", "other", Shapes)
            : null;
    }

    private static ToyQuestion CountAll(ToyScene scene, SeededRandom random)
        => Counted("How many shapes are there?", scene.Objects.Count);

    private static ToyQuestion CountSome(ToyScene scene, SeededRandom random)
    {
        var what = ToyDescriptions.DrawHalf(random);
        return Counted($"How many {what}s are there?", scene.Count(what));
    }

    private static ToyQuestion? IsThere(ToyScene scene, SeededRandom random)
    {
        // The answer is chosen first, so that yes and no are equally frequent.
        var wanted = random.Chance(0.5);
        var what = wanted ? ToyDescription.Of(One(scene, random)) : ToyDescriptions.Change(ToyDescription.Of(One(scene, random)), random);
        return scene.Has(what) == wanted ? YesNo($"Is there a {what}?", wanted, "is there a") : null;
    }

    private static ToyQuestion? IsPlaced(ToyScene scene, SeededRandom random)
    {
        var (first, second) = (One(scene, random), One(scene, random));
        if (ToyPlace.Of(first, second) is not { } where || !IsSingle(scene, first) || !IsSingle(scene, second))
        {
            return null;
        }

        var isTrue = random.Chance(0.5);
        return YesNo($"Is the {ToyDescription.Of(first)} {(isTrue ? where : ToyPlace.Opposite(where))} the {ToyDescription.Of(second)}?", isTrue, "is the");
    }

    private static ToyQuestion? WhatIsPlaced(ToyScene scene, SeededRandom random)
    {
        var (first, second) = (One(scene, random), One(scene, random));
        var isClear = ToyPlace.Of(first, second) is { } where && IsSingle(scene, second)
            && scene.Objects.All(o => o == first || o == second || ToyPlace.Of(o, second) is { } other && other != where);
        return isClear
            ? Question($"What is {ToyPlace.Of(first, second)} the {ToyDescription.Of(second)}?", ToyDescription.Of(first).ToString(), "what is", "other", [.. Colors.SelectMany(c => Shapes.Select(s => $"{c} {s}"))])
            : null;
    }

    private static ToyQuestion Ground(ToyScene scene, SeededRandom random)
        => Question("What pattern is the ground?", ToyWords.Of(scene.Ground), "what", "other", Grounds);

    private static ToyObject One(ToyScene scene, SeededRandom random) => scene.Objects[random.Next(scene.Objects.Count)];

    private static bool IsSingle(ToyScene scene, ToyObject item) => scene.Count(ToyDescription.Of(item)) == 1;

    private static ToyQuestion Counted(string text, int number)
        => Question(text, $"{number}", "how many", "number", [$"{Math.Max(0, number - 1)}", $"{number + 1}"]);

    private static ToyQuestion YesNo(string text, bool isTrue, string type) => Question(text, isTrue ? "yes" : "no", type, "yes/no", ["yes", "no"]);

    private static ToyQuestion Question(string text, string answer, string type, string answerType, IEnumerable<string> all)
        => new(text, answer, type, answerType, [.. all.Where(a => a != answer)]);
}

/// <summary>Where one object is, seen from another.</summary>
internal static class ToyPlace
{
    /// <summary>The words for the four directions.</summary>
    public static readonly string[] All = ["above", "below", "to the left of", "to the right of"];

    // Centres must differ by so many pixels in one direction, and by clearly less in the other, to be called one way and not two.
    private const double Clear = 14;

    /// <summary>One of the four directions; null where it is not clear.</summary>
    public static string? Of(ToyObject first, ToyObject second)
    {
        var (right, down) = (first.X - second.X, first.Y - second.Y);
        return Math.Abs(down) > Clear && Math.Abs(down) > 1.5 * Math.Abs(right) ? (down < 0 ? All[0] : All[1])
            : Math.Abs(right) > Clear && Math.Abs(right) > 1.5 * Math.Abs(down) ? (right < 0 ? All[2] : All[3])
            : null;
    }

    /// <summary>The direction that is meant from the other side.</summary>
    public static string Opposite(string where) => All[Array.IndexOf(All, where) ^ 1];
}

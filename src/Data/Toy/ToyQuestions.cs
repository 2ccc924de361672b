namespace Madtp.Kit.Data.Toy;

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

namespace Madtp.Kit.Data.Toy;

/// <summary>A question about a scene.</summary>
/// <param name="QuestionType">Its first words, as VQA v2 sorts questions.</param>
/// <param name="AnswerType">"yes/no", "number" or "other".</param>
/// <param name="Wrong">What someone may answer who did not look well.</param>
public sealed record ToyQuestion(string Text, string Answer, string QuestionType, string AnswerType, IReadOnlyList<string> Wrong)
{
    /// <summary>What ten people answered.</summary>
    public IReadOnlyList<string> Answers { get; init; } = [];
}

/// <summary>A scene with what is said of it and asked about it: one image of a drawn COCO, Flickr30k and VQA.</summary>
public sealed record DrawnPicture(
    int Id, DrawnScene Scene, IReadOnlyList<string> Captions, IReadOnlyList<ToyQuestion> Questions)
{
    /// <summary>Its file in COCO's or Flickr30k's folder, which its number tells.</summary>
    internal string File => (Id / PictureFiles.IdsPerSplit) switch
    {
        1 => $"train2014/COCO_train2014_{Id:D12}.jpg",
        2 or 3 => $"val2014/COCO_val2014_{Id:D12}.jpg",
        _ => $"flickr30k-images/{Id}.jpg",
    };

    /// <summary>The number in VQA v2's manner of a question about the picture.</summary>
    internal long QuestionId(int question) => ((long)Id * 1000) + question;
}

/// <summary>Asks about a scene what can be answered by looking: colours, shapes, numbers, places, and whether something is
/// there.</summary>
public static class ToyQuestions
{
    private static readonly string[] Directions = ["above", "below", "to the left of", "to the right of"];

    /// <summary>Different questions about one scene.</summary>
    public static IReadOnlyList<ToyQuestion> Ask(ToyScene scene, int count, SeededRandom random) =>
        Different(count, () => random.Next(8) switch
        {
            0 => Color(scene, One(scene, random)),
            1 => Shape(scene, One(scene, random)),
            2 => Counted("How many shapes are there?", scene.Objects.Count),
            3 => CountSome(scene, ToyWords.DrawHalf(random)),
            4 => IsThere(scene, random),
            5 => IsPlaced(scene, random),
            6 => WhatIsPlaced(scene, One(scene, random), One(scene, random)),
            _ => Question("What pattern is the ground?", scene.GroundWord, "what", "other", DrawnScene.Grounds),
        });

    /// <summary>So many different questions of those that are drawn; null is passed over.</summary>
    internal static List<ToyQuestion> Different(int count, Func<ToyQuestion?> draw)
    {
        var questions = new List<ToyQuestion>();
        while (questions.Count < count)
        {
            if (draw() is { } question && questions.TrueForAll(other => other.Text != question.Text))
                questions.Add(question);
        }

        return questions;
    }

    /// <summary>Questions with ten people's answers: most right, now and then one or two who did not look well.</summary>
    internal static IReadOnlyList<ToyQuestion> Answered(IReadOnlyList<ToyQuestion> questions, SeededRandom random) =>
        [.. questions.Select(question => question with { Answers = TenAnswers(question, random) })];

    private static IReadOnlyList<string> TenAnswers(ToyQuestion question, SeededRandom random)
    {
        var wrong = random.Next(4) == 0 ? 1 + random.Next(2) : 0;
        var answers = Enumerable.Range(0, 10).Select(i => i < wrong ? random.Pick<string>([.. question.Wrong]) : question.Answer)
            .ToArray();
        random.Shuffle(answers.AsSpan());
        return answers;
    }

    /// <summary>Answers in the order of how often they are right, for <c>answer_list.json</c>.</summary>
    internal static IReadOnlyList<string> Answers(IEnumerable<DrawnPicture> pictures) =>
    [
        .. pictures.SelectMany(picture => picture.Questions).GroupBy(question => question.Answer)
            .OrderByDescending(same => same.Count()).ThenBy(same => same.Key, StringComparer.Ordinal).Select(same => same.Key),
    ];

    private static ToyQuestion? Color(ToyScene scene, ToyObject item) =>
        ToyWords.Of(item.Form, null) is var form && scene.Count(form) != 1 ? null
        : ColorOf(form, item.Color, ToyObject.Colors);

    private static ToyQuestion? Shape(ToyScene scene, ToyObject item) =>
        ToyWords.Of(null, item.Color) is var color && scene.Count(color) != 1 ? null : Question(
            $"What is the {color}?", ToyObject.Forms[item.Form], "what is the", "other", ToyObject.Forms);

    private static ToyQuestion CountSome(ToyScene scene, ThingWords what) =>
        Counted($"How many {what.Plural()} are there?", scene.Count(what));

    private static ToyQuestion? IsThere(ToyScene scene, SeededRandom random)
    {
        // The answer is chosen first, so that yes and no are equally frequent.
        var wanted = random.Chance(0.5);
        var one = One(scene, random).Words;
        var what = wanted ? one : ToyWords.Change(one, random);
        return scene.Has(what) == wanted ? YesNo($"Is there a {what}?", wanted, "is there a") : null;
    }

    private static ToyQuestion? IsPlaced(ToyScene scene, SeededRandom random)
    {
        var (first, second) = (One(scene, random), One(scene, random));
        if (Direction(first, second) is not { } where || !IsSingle(scene, first) || !IsSingle(scene, second))
            return null;

        var isTrue = random.Chance(0.5);
        var said = Directions[isTrue ? where : where ^ 1];
        return YesNo($"Is the {first.Words} {said} the {second.Words}?", isTrue, "is the");
    }

    private static ToyQuestion? WhatIsPlaced(ToyScene scene, ToyObject first, ToyObject second)
    {
        if (Direction(first, second) is not { } where || !IsSingle(scene, second)
            || !scene.Objects.All(o => o == first || o == second || Direction(o, second) is { } other && other != where))
        {
            return null;
        }

        var text = $"What is {Directions[where]} the {second.Words}?";
        return Question(text, $"{first.Words}", "what is", "other",
            ToyObject.Colors.SelectMany(c => ToyObject.Forms.Select(s => $"{c} {s}")));
    }

    private static ToyObject One(ToyScene scene, SeededRandom random) => scene.Objects[random.Next(scene.Objects.Count)];

    private static bool IsSingle(ToyScene scene, ToyObject item) => scene.Count(item.Words) == 1;

    /// <summary>Which of the four <see cref="Directions"/> one object is in, seen from another; null where it is not clear:
    /// centres must differ by 14 pixels one way, and by clearly less the other way.</summary>
    private static int? Direction(ToyObject first, ToyObject second)
    {
        var (right, down) = (first.X - second.X, first.Y - second.Y);
        return Math.Abs(down) > 14 && Math.Abs(down) > 1.5 * Math.Abs(right) ? (down < 0 ? 0 : 1)
            : Math.Abs(right) > 14 && Math.Abs(right) > 1.5 * Math.Abs(down) ? (right < 0 ? 2 : 3)
            : null;
    }

    /// <summary>The colour of the one thing of a form.</summary>
    internal static ToyQuestion ColorOf(ThingWords form, int color, IReadOnlyList<string> colors) =>
        Question($"What color is the {form}?", colors[color], "what color is the", "other", colors);

    private static ToyQuestion Counted(string text, int number)
        => Question(text, $"{number}", "how many", "number", [$"{Math.Max(0, number - 1)}", $"{number + 1}"]);

    internal static ToyQuestion YesNo(string text, bool isTrue, string type) =>
        Question(text, isTrue ? "yes" : "no", type, "yes/no", ["yes", "no"]);

    private static ToyQuestion Question(string text, string answer, string type, string answerType, IEnumerable<string> all)
        => new(text, answer, type, answerType, [.. all.Where(a => a != answer)]);
}

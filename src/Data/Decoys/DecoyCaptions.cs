using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>What a corpus says of one picture, and asks about it: of objects alone, or of glyphs alone.</summary>
public static class DecoyCaptions
{
    private const int CaptionsEach = 5;
    private const int QuestionsEach = 4;
    private static readonly string[] Numbers = ["no", "a", "two", "three", "four", "five", "six", "many"];
    private static readonly string[] Relations = ["to the left of", "to the right of", "above", "below"];

    /// <summary>Captions of a picture; each names some of what is there.</summary>
    public static IReadOnlyList<string> Draw(DecoyScene scene, ThingKind kind, SeededRandom random) =>
        [.. Enumerable.Range(0, CaptionsEach).Select(_ => Say(scene, kind, random))];

    /// <summary>Different questions about a picture, with ten answers each.</summary>
    public static IReadOnlyList<(ToyQuestion Question, IReadOnlyList<string> Answers)> Ask(
        DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        var questions = new List<ToyQuestion>();
        while (questions.Count < QuestionsEach)
        {
            if (Question(scene, kind, random) is { } question && questions.TrueForAll(other => other.Text != question.Text))
            {
                questions.Add(question);
            }
        }

        return [.. questions.Select(question => (question, ToyQuestions.TenAnswers(question, random)))];
    }

    // "two red circles, a blue square and a cyan cross", or how two things stand to each other
    private static string Say(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        var groups = Shuffled(scene, kind, random).Select(Named).Distinct().Take(3).ToArray();
        var listed = groups.Select(
            words => scene.Count(words) is var count && count > 1 ? $"{Numbers[Math.Min(count, 7)]} {words.Plural()}"
            : $"a {words}").ToArray();
        var all = listed.Length == 1 ? listed[0] : $"{string.Join(", ", listed[..^1])} and {listed[^1]}";
        return random.Next(3) switch
        {
            0 => $"The picture shows {all}.",
            1 => $"{all} on a {ToyWords.Of(scene.Ground)} ground.",
            _ => Related(scene, kind, random) is var (first, relation, second)
                ? $"A {first} {Relations[(int)relation]} a {second}." : $"A picture of {all}.",
        };
    }

    private static ToyQuestion? Question(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        switch (random.Next(5))
        {
            case 0:
                var many = ThingWords.Broad(kind, random);
                var count = scene.Count(many);
                return new($"How many {many.Plural()} are there?", $"{count}", "how many", "number",
                    [$"{Math.Max(0, count - 1)}", $"{count + 1}"]);
            case 1:
                var there = random.Chance(0.5); // the answer is chosen first, so that yes and no are equally frequent
                var some = there ? Named(Shuffled(scene, kind, random)[0]) : ThingWords.Narrow(kind, random);
                return scene.Has(some) == there ? YesNo($"Is there a {some}?", there, "is there a") : null;
            case 2:
                var one = Shuffled(scene, kind, random)[0];
                var form = new ThingWords(kind, one.Look.Form, null, null);
                return scene.Count(form) != 1 ? null : new(
                    $"What color is the {form}?", ThingWords.Colors[one.Look.Color], "what color is the", "other",
                    [.. ThingWords.Colors.Where((_, color) => color != one.Look.Color)]);
            case 3:
                var (more, fewer, isTrue) = (ThingWords.Broad(kind, random), ThingWords.Broad(kind, random), random.Chance(0.5));
                return scene.Count(more) > scene.Count(fewer) == isTrue && more != fewer
                    ? YesNo($"Are there more {more.Plural()} than {fewer.Plural()}?", isTrue, "are there more") : null;
            default:
                var isSo = random.Chance(0.5);
                return Related(scene, kind, random) is not var (first, relation, second) ? null
                    : Claim(isSo ? relation : (Relation)((int)relation ^ 1)) is var claim && claim.Holds(scene, scene) == isSo
                    ? YesNo($"Is a {first} {Relations[(int)claim.Relation]} a {second}?", isSo, "is a") : null;

                DecoyClaim Claim(Relation said) => new(ClaimForm.Relate, false, first, Relation: said, Other: second);
        }
    }

    private static (ThingWords First, Relation Relation, ThingWords Second)? Related(
        DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        var things = Shuffled(scene, kind, random);
        var (first, second, relation) = (Named(things[0]), Named(things[1]), (Relation)random.Next(4));
        return new DecoyClaim(ClaimForm.Relate, false, first, Relation: relation, Other: second).Holds(scene, scene)
            ? (first, relation, second) : null;
    }

    private static ThingWords Named(Thing thing) => new(thing.Kind, thing.Look.Form, thing.Look.Color, null);

    private static Thing[] Shuffled(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        Thing[] things = [.. scene.Things.Where(thing => thing.Kind == kind)];
        random.Shuffle(things.AsSpan());
        return things;
    }

    private static ToyQuestion YesNo(string text, bool isTrue, string type) =>
        new(text, isTrue ? "yes" : "no", type, "yes/no", [isTrue ? "no" : "yes"]);
}

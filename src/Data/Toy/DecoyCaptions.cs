namespace Madtp.Kit.Data.Toy;

/// <summary>What a corpus says of one picture, and asks about it: of objects alone, or of glyphs alone.</summary>
public static class DecoyCaptions
{
    private const int CaptionsEach = 5;
    private const int QuestionsEach = 4;
    private static readonly string[] Numbers = ["no", "a", "two", "three", "four", "five", "six", "many"];

    /// <summary>Captions of a picture; each names some of what is there.</summary>
    public static IReadOnlyList<string> Draw(DecoyScene scene, ThingKind kind, SeededRandom random) =>
        [.. Enumerable.Range(0, CaptionsEach).Select(_ => Say(scene, kind, random))];

    /// <summary>Different questions about a picture, with ten answers each.</summary>
    public static IReadOnlyList<ToyQuestion> Ask(DecoyScene scene, ThingKind kind, SeededRandom random) =>
        ToyQuestions.Answered(ToyQuestions.Different(QuestionsEach, () => Question(scene, kind, random)), random);

    // "two red circles, a blue square and a cyan cross", or how two things stand to each other
    private static string Say(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        var groups = Shuffled(scene, kind, random).Select(ThingWords.Of).Distinct().Take(3).ToArray();
        var listed = groups.Select(
            words => scene.Count(words) is var count && count > 1 ? $"{Numbers[Math.Min(count, 7)]} {words.Plural()}"
            : $"a {words}").ToArray();
        var all = ToyCaptions.Joined(listed);
        return random.Next(3) switch
        {
            0 => $"The picture shows {all}.",
            1 => $"{all} on a {scene.GroundWord} ground.",
            _ => Related(scene, kind, random) is var (first, relation, second)
                ? $"A {first} {Claim.Words(relation)} a {second}." : $"A picture of {all}.",
        };
    }

    private static ToyQuestion? Question(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        switch (random.Next(5))
        {
            case 0:
                var many = DecoyPairs.Broad(kind, random);
                var count = scene.Count(many);
                return new($"How many {many.Plural()} are there?", $"{count}", "how many", "number",
                    [$"{Math.Max(0, count - 1)}", $"{count + 1}"]);
            case 1:
                var there = random.Chance(0.5); // the answer is chosen first, so that yes and no are equally frequent
                var some = there ? ThingWords.Of(Shuffled(scene, kind, random)[0]) : DecoyPairs.Narrow(kind, random);
                return scene.Has(some) == there ? ToyQuestions.YesNo($"Is there a {some}?", there, "is there a") : null;
            case 2:
                var one = Shuffled(scene, kind, random)[0];
                var form = new ThingWords(kind, one.Form, null);
                return scene.Count(form) != 1 ? null : ToyQuestions.ColorOf(form, one.Color, ThingWords.Colors);
            case 3:
                var (more, fewer, isTrue) = (DecoyPairs.Broad(kind, random), DecoyPairs.Broad(kind, random), random.Chance(0.5));
                return scene.Count(more) > scene.Count(fewer) == isTrue && more != fewer
                    ? ToyQuestions.YesNo($"Are there more {more.Plural()} than {fewer.Plural()}?", isTrue, "are there more")
                    : null;
            default:
                var isSo = random.Chance(0.5);
                if (Related(scene, kind, random) is not var (first, relation, second))
                {
                    return null;
                }

                var said = isSo ? relation : (Relation)((int)relation ^ 1);
                return Holds(scene, first, said, second) == isSo
                    ? ToyQuestions.YesNo($"Is a {first} {Claim.Words(said)} a {second}?", isSo, "is a") : null;
        }
    }

    private static (ThingWords First, Relation Relation, ThingWords Second)? Related(
        DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        var things = Shuffled(scene, kind, random);
        var (first, second, relation) = (ThingWords.Of(things[0]), ThingWords.Of(things[1]), (Relation)random.Next(4));
        return Holds(scene, first, relation, second) ? (first, relation, second) : null;
    }

    private static bool Holds(DecoyScene scene, ThingWords first, Relation relation, ThingWords second) =>
        new Claim(ClaimForm.Relate, false, first, Relation: relation, Other: second).Holds(scene, scene);

    private static Thing[] Shuffled(DecoyScene scene, ThingKind kind, SeededRandom random)
    {
        Thing[] things = [.. scene.Things.Where(thing => thing.Kind == kind)];
        random.Shuffle(things.AsSpan());
        return things;
    }
}

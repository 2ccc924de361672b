namespace Madtp.Kit.Data.Toy;

/// <summary>All that is needed to draw one picture: four to nine objects and six or seven glyphs, each in one of 4 × 4 cells of 3
/// × 3 patches, on a patterned ground.</summary>
/// <param name="Things">The things, at most one in a cell.</param>
public sealed record DecoyScene(IReadOnlyList<Thing> Things, ToyGround Ground, ulong TextureSeed)
    : DrawnScene(Things, Ground, TextureSeed)
{
    public const int Size = 96; // pixels

    /// <summary>Cells in a row, and rows.</summary>
    public const int CellsPerRow = 4;

    public const int Patches = Size / PatchSize * (Size / PatchSize);

    // Each kind has in each scene a colour and a form of its own that so many of its things have more than chance would give
    // them: else there would be little to count.
    private const double Favoured = 0.3;

    internal override int Side => Size;

    internal override IEnumerable<Coat> Coats(SeededRandom random) =>
        Things.SelectMany(thing => DecoyRenderer.Coats(thing, random));

    /// <summary>Which cells things of either kind are in; looks are drawn later.</summary>
    internal static int[][] DrawCells(SeededRandom random)
    {
        int[] cells = [.. Enumerable.Range(0, CellsPerRow * CellsPerRow)];
        random.Shuffle(cells.AsSpan());
        var (objects, glyphs) = (4 + random.Next(6), 6 + random.Next(2));
        return [cells[..objects], cells[^glyphs..]];
    }

    /// <summary>Things of one kind in given cells.</summary>
    internal static Thing[] DrawThings(ThingKind kind, int[] cells, SeededRandom random)
    {
        var (form, color) = (random.Next(5), random.Next(6));
        return Array.ConvertAll(cells, cell => new Thing(
            kind, random.Chance(Favoured) ? form : random.Next(5), random.Chance(Favoured) ? color : random.Next(6),
            random.Chance(0.5), cell));
    }

    /// <summary>A scene of these things on a random ground.</summary>
    internal static DecoyScene Of(IEnumerable<Thing> things, SeededRandom random) =>
        new([.. things.OrderBy(thing => thing.Cell)], (ToyGround)(1 + random.Next(3)), random.NextBits());

    /// <summary>A picture that stands in no pair.</summary>
    /// <param name="split">A number of its own for each set of pictures, none of a split of pairs.</param>
    internal static DecoyScene Draw(ulong seed, int split, int number)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, DecoyPairs.First + (ulong)split, (ulong)number));
        var cells = DrawCells(random);
        return Of(
            [.. DrawThings(ThingKind.Object, cells[0], random), .. DrawThings(ThingKind.Glyph, cells[1], random)], random);
    }
}

/// <summary>How objects and glyphs are painted.</summary>
internal static class DecoyRenderer
{
    private const int CellSize = DecoyScene.Size / DecoyScene.CellsPerRow;
    private const double HalfSqrt2 = 0.7071067811865476;

    private static readonly int[] Ink = [24, 22, 28];

    /// <summary>A thing at a random place in its cell, in a tint of its own; upon a glyph's plate its sign. Both kinds have the
    /// same six colours, so that neither stands out by them.</summary>
    public static IEnumerable<Coat> Coats(Thing thing, SeededRandom random)
    {
        var isObject = thing.Kind == ThingKind.Object;
        var reach = isObject ? thing.IsLarge ? 10 : 6.5 : thing.IsLarge ? 12 : 9.5; // an object's radius, half of a plate's side
        var play = Math.Max(0, (CellSize / 2) - (isObject ? reach * 1.15 : reach));
        var (left, top) = (thing.Cell % DecoyScene.CellsPerRow * CellSize, thing.Cell / DecoyScene.CellsPerRow * CellSize);
        var x = left + (CellSize / 2) + random.NextDouble(-play, play);
        var y = top + (CellSize / 2) + random.NextDouble(-play, play);
        var tilt = isObject ? random.NextDouble(-0.2, 0.2) : 0;
        var paint = ToyRenderer.Tinted(thing.Color, random);
        yield return On(paint, thing.Class, isObject
            ? (dx, dy) => ToyRenderer.Outline(thing.Form, dx, dy, reach, tilt, triangle: 0.58)
            : (dx, dy) => Math.Max(Math.Abs(dx), Math.Abs(dy)) - reach);
        if (!isObject)
            yield return On(Ink, 0, (dx, dy) => Sign(thing.Form, dx / reach, dy / reach) * reach);

        Coat On(int[] color, int patchClass, Func<double, double, double> distance) => new(
            color, left..(left + CellSize), top..(top + CellSize), patchClass, (px, py) => distance(px - x, py - y));
    }

    // How far a point lies outside of a glyph's ink; the plate reaches from -1 to 1.
    private static double Sign(int form, double u, double v) => form switch
    {
        0 => Math.Abs(Math.Sqrt((u * u) + (v * v)) - 0.55) - 0.16,
        1 => Math.Max(Bars(u), Math.Abs(v) - 0.75),
        2 => Math.Max(Bars(v), Math.Abs(u) - 0.75),
        3 => Math.Max((Math.Abs(v - Math.Abs(u) + 0.4) * HalfSqrt2) - 0.17, Math.Abs(u) - 0.8),
        _ => Math.Max((Math.Min(Math.Abs(u - v), Math.Abs(u + v)) * HalfSqrt2) - 0.17,
            Math.Max(Math.Abs(u), Math.Abs(v)) - 0.75),
    };

    // Three parallel bars.
    private static double Bars(double at) => Math.Min(Math.Abs(at), Math.Abs(Math.Abs(at) - 0.58)) - 0.13;
}

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
                    return null;

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

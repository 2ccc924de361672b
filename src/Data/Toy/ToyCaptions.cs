namespace Madtp.Kit.Data.Toy;

/// <summary>Says in a caption everything that a scene shows: all its shapes, often its ground, sometimes how two shapes stand to each other.</summary>
public static class ToyCaptions
{
    // Centres that differ by less than this many pixels are neither above nor beside one another.
    private const double Clear = 8;

    /// <summary>
    /// A caption in one of several forms.
    /// </summary>
    /// <param name="scene">What is shown.</param>
    /// <param name="random">Chooses form and order.</param>
    public static string Say(ToyScene scene, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(scene);
        ArgumentNullException.ThrowIfNull(random);
        var ground = ToyWords.Of(scene.Ground);
        var things = Listed(scene.Objects, random);
        var verb = scene.Objects.Count == 1 ? "is" : "are";
        return random.Next(5) switch
        {
            0 => $"{things} on a {ground} ground.",
            1 => $"There {verb} {things} on a {ground} background.",
            2 => $"The picture shows {things}.",
            3 => $"A {ground} ground with {things}.",
            _ => Related(scene, random) ?? $"A picture of {things}.",
        };
    }

    /// <summary>Several captions of a scene, no two of them the same words where the scene allows it.</summary>
    /// <param name="scene">What is shown.</param>
    /// <param name="random">Chooses forms and orders.</param>
    /// <param name="count">How many.</param>
    public static IReadOnlyList<string> Draw(ToyScene scene, SeededRandom random, int count)
    {
        var captions = new List<string>(count);
        for (var attempt = 0; captions.Count < count; attempt++)
        {
            var caption = Say(scene, random);
            if (attempt > 10 * count || !captions.Contains(caption))
            {
                captions.Add(caption);
            }
        }

        return captions;
    }

    // "two red circles and a blue square"
    private static string Listed(IEnumerable<ToyObject> objects, SeededRandom random)
    {
        string[] groups = [.. objects.GroupBy(ToyDescription.Of).Select(group => group.Count() == 1 ? $"a {group.Key}" : $"{ToyWords.Of(group.Count())} {group.Key}s")];
        random.Shuffle(groups.AsSpan());
        return groups.Length == 1 ? groups[0] : $"{string.Join(", ", groups[..^1])} and {groups[^1]}";
    }

    // "a red circle above a blue square, and a green triangle"; null where no two shapes stand clearly to each other
    private static string? Related(ToyScene scene, SeededRandom random)
    {
        ToyObject[] objects = [.. scene.Objects];
        random.Shuffle(objects.AsSpan());
        if (objects.Length < 2 || Where(objects[0], objects[1], random) is not { } where)
        {
            return null;
        }

        var rest = objects.Length == 2 ? "" : $", and a {ToyDescription.Of(objects[2])}";
        return $"A {ToyDescription.Of(objects[0])} {where} a {ToyDescription.Of(objects[1])}{rest}.";
    }

    private static string? Where(ToyObject first, ToyObject second, SeededRandom random)
    {
        var (right, down) = (first.X - second.X, first.Y - second.Y);
        var beside = Math.Abs(right) < Clear ? null : right > 0 ? "to the right of" : "to the left of";
        var above = Math.Abs(down) < Clear ? null : down > 0 ? "below" : "above";
        return beside is null ? above : above is null ? beside : random.Chance(0.5) ? beside : above;
    }
}

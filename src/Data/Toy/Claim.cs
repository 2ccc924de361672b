namespace Madtp.Kit.Data.Toy;

/// <summary>What a claim says.</summary>
public enum ClaimForm
{
    /// <summary>"The left image contains a red circle."</summary>
    Contain,
    /// <summary>"The left image contains exactly two red objects."</summary>
    Count,
    /// <summary>"There are more circles in the left image than in the right image."</summary>
    Compare,
    /// <summary>"In the left image a red circle is above a large square."</summary>
    Relate,
    /// <summary>"Both images contain a red circle."</summary>
    Both,
    /// <summary>"At least one image contains a red circle."</summary>
    Either,
}

/// <summary>How two things stand to one another, by their cells' columns or rows.</summary>
public enum Relation { LeftOf, RightOf, Above, Below }

/// <summary>A claim about two pictures in the words of one corpus.</summary>
/// <param name="OfRight">Whether it is said of the right picture, not the left (contain, count, compare, relate).</param>
/// <param name="Number">How many there are to be, 1 to 3 (count).</param>
/// <param name="Relation">How they stand to <paramref name="Other"/> (relate).</param>
/// <param name="Other">The second things (relate).</param>
public sealed record Claim(
    ClaimForm Form, bool OfRight, ThingWords What, int Number = 0, Relation Relation = default, ThingWords Other = default)
{
    private static readonly string[] Numbers = ["zero", "one", "two", "three"];

    /// <summary>Whether the pair is as said.</summary>
    public bool Holds(DrawnScene left, DrawnScene right) => Holds(left.Things, right.Things);

    internal bool Holds(IReadOnlyList<Thing> left, IReadOnlyList<Thing> right)
    {
        var (here, there) = OfRight ? (right, left) : (left, right);
        return Form switch
        {
            ClaimForm.Contain => What.Count(here) > 0,
            ClaimForm.Count => What.Count(here) == Number,
            ClaimForm.Compare => What.Count(here) > What.Count(there),
            ClaimForm.Relate => IsRelated(here),
            ClaimForm.Both => What.Count(here) > 0 && What.Count(there) > 0,
            _ => What.Count(here) > 0 || What.Count(there) > 0,
        };
    }

    /// <summary>The claim in words, in one of several ways.</summary>
    public string Say(SeededRandom random)
    {
        var (side, opposite) = OfRight ? ("right", "left") : ("left", "right");
        var (one, many) = (What.ToString(), What.Plural());
        var (verb, counted) = Number == 1 ? ("is", one) : ("are", many);
        return random.Pick<string>(Form switch
        {
            ClaimForm.Contain =>
                [$"The {side} image contains a {one}.", $"There is a {one} in the {side} image.",
                    $"The image on the {side} shows a {one}."],
            ClaimForm.Count =>
                [$"The {side} image contains exactly {Numbers[Number]} {counted}.",
                    $"There {verb} exactly {Numbers[Number]} {counted} in the {side} image."],
            ClaimForm.Compare =>
                [$"There are more {many} in the {side} image than in the {opposite} image.",
                    $"The {side} image contains more {many} than the {opposite} image.",
                    $"The {opposite} image contains fewer {many} than the {side} image."],
            ClaimForm.Relate =>
                [$"In the {side} image a {one} is {Words(Relation)} a {Other}.",
                    $"The {side} image shows a {one} {Words(Relation)} a {Other}."],
            ClaimForm.Both =>
                [$"Both images contain a {one}.", $"There is a {one} in both images.", $"Each image shows a {one}."],
            _ =>
                [$"At least one image contains a {one}.", $"There is a {one} in at least one of the images.",
                    $"One or both images show a {one}."],
        });
    }

    internal static string Words(Relation relation) => relation switch
    {
        Relation.LeftOf => "to the left of",
        Relation.RightOf => "to the right of",
        _ => relation.ToString().ToLowerInvariant(),
    };

    // A thing stands in no relation to itself.
    private bool IsRelated(IReadOnlyList<Thing> things)
    {
        for (var i = 0; i < things.Count; i++)
        {
            for (var j = 0; What.Fits(things[i]) && j < things.Count; j++)
            {
                if (Other.Fits(things[j]) && Stands(things[i].Cell, things[j].Cell))
                    return true;
            }
        }

        return false;
    }

    private bool Stands(int first, int second)
    {
        const int row = DecoyScene.CellsPerRow;
        return Relation switch
        {
            Relation.LeftOf => first % row < second % row,
            Relation.RightOf => first % row > second % row,
            Relation.Above => first / row < second / row,
            _ => first / row > second / row,
        };
    }
}

/// <summary>How many of the things a statement names are in the left and in the right picture: the truth behind every word for a
/// colour, form or size. A help in training; answers alone, each a single bit that neither the words nor the pictures give away,
/// teach very slowly.</summary>
public static class Grounding
{
    /// <summary>The largest number that is told; more count as so many.</summary>
    public const int Most = 5;

    private static readonly string[] Colors = [.. ThingWords.Colors];

    private static readonly Dictionary<string, (ThingKind Kind, int? Form)> Nouns = (
        from kind in Enum.GetValues<ThingKind>()
        from noun in ThingWords.Forms[(int)kind].Select((word, form) => (word, form: (int?)form))
            .Append((ThingWords.Nouns[(int)kind], null)).Concat(kind == ThingKind.Object ? [("shape", null)] : [])
        from word in new[] { noun.word, ThingWords.Plural(noun.word) }
        select (word, kind, noun.form)).ToDictionary(noun => noun.word, noun => (noun.kind, noun.form));

    /// <summary>For every token of a statement two numbers, left and right: how many of what it names are there (at most
    /// <see cref="Most"/>), or <see cref="DataSplit.Unnamed"/> for tokens that name nothing.</summary>
    /// <returns><c>[N, 2]</c></returns>
    public static sbyte[] Of(IReadOnlyList<string> tokens, DrawnScene left, DrawnScene right)
    {
        var counts = new sbyte[tokens.Count * 2];
        Array.Fill(counts, DataSplit.Unnamed);
        foreach (var (first, last, words) in Named(tokens))
        {
            for (var i = first; i <= last; i++)
            {
                counts[2 * i] = (sbyte)Math.Min(left.Count(words), Most);
                counts[(2 * i) + 1] = (sbyte)Math.Min(right.Count(words), Most);
            }
        }

        return counts;
    }

    /// <summary>The runs of tokens that name things, from first to last, and what they name. Size, colour and noun side by side
    /// name one kind of thing; colour or noun may stand alone.</summary>
    public static IEnumerable<(int First, int Last, ThingWords Words)> Named(IReadOnlyList<string> tokens)
    {
        for (var (first, end) = (0, 0); first < tokens.Count; first = Math.Max(first + 1, end))
        {
            end = first;
            bool? large = tokens[end] is "large" or "small" ? tokens[end++] == "large" : null;
            var color = end < tokens.Count ? Array.IndexOf(Colors, tokens[end]) : -1;
            end += color >= 0 ? 1 : 0;
            var isNoun = Nouns.TryGetValue(end < tokens.Count ? tokens[end] : "", out var noun);
            end += isNoun ? 1 : 0;
            if (isNoun || color >= 0)
                yield return (first, end - 1, new ThingWords(noun.Kind, noun.Form, color >= 0 ? color : null, large));
        }
    }
}

namespace Madtp.Kit.Data.Toy;

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
            {
                yield return (first, end - 1, new ThingWords(noun.Kind, noun.Form, color >= 0 ? color : null, large));
            }
        }
    }
}

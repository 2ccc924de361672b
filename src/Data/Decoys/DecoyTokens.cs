using Madtp.Kit.Data.Toy;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Decoys;

/// <summary>The vocabulary of both corpora: the toy world's, and the words that only this world has.</summary>
public static class DecoyTokens
{
    private const string Words = """
        cyan diamond diamonds cross crosses
        glyph glyphs ring rings fence fences ladder ladders chevron chevrons saltire saltires
        """;

    /// <summary>Every token in the order of its id; [DEC] and [ENC] come after the last.</summary>
    public static IReadOnlyList<string> Vocabulary { get; } =
        [.. ToyTokens.Vocabulary, .. Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The vocabulary file's text: one token a line, a line's number (from 0) being the token's id.</summary>
    public static string VocabularyFile => string.Join('\n', Vocabulary) + "\n";

    /// <summary>The tokenizer, [DEC] and [ENC] included.</summary>
    public static BertWordPiece Tokenizer { get; } = BertWordPiece.Create(
        Vocabulary, source: "the vocabulary of the world with decoys");
}

/// <summary>How many of the things a statement names are in the left and in the right picture.</summary>
public static class DecoyGrounding
{
    /// <summary>The largest number that is told; more count as so many.</summary>
    public const int Most = 5;

    private static readonly Dictionary<string, (ThingKind Kind, int? Form)> Nouns = (
        from kind in Enum.GetValues<ThingKind>()
        from noun in ThingWords.Forms[(int)kind].Select((word, form) => (word, form: (int?)form))
            .Append((ThingWords.Nouns[(int)kind], null))
        from word in new[] { noun.word, ThingWords.Plural(noun.word) }
        select (word, kind, noun.form)).ToDictionary(noun => noun.word, noun => (noun.kind, noun.form));

    /// <summary>For every token two numbers, left and right: how many of what it names are there (at most <see cref="Most"/>), or
    /// <see cref="NlvrPairs.Unnamed"/> for tokens that name nothing. Size, colour and noun side by side name one thing.</summary>
    /// <returns><c>[N, 2]</c></returns>
    public static sbyte[] Of(IReadOnlyList<string> tokens, DecoyScene left, DecoyScene right)
    {
        var counts = new sbyte[tokens.Count * 2];
        Array.Fill(counts, NlvrPairs.Unnamed);
        foreach (var (first, last, words) in Named(tokens))
        {
            for (var i = first; i <= last; i++)
            {
                (counts[2 * i], counts[(2 * i) + 1]) = (Told(left.Count(words)), Told(right.Count(words)));
            }
        }

        return counts;
    }

    /// <summary>The runs of tokens that name things, from first to last, and what they name.</summary>
    public static IEnumerable<(int First, int Last, ThingWords Words)> Named(IReadOnlyList<string> tokens)
    {
        for (var noun = 0; noun < tokens.Count; noun++)
        {
            if (!Nouns.TryGetValue(tokens[noun], out var named))
            {
                continue;
            }

            var first = noun;
            var color = first > 0 ? ThingWords.Colors.IndexOf(tokens[first - 1]) : -1;
            first -= color >= 0 ? 1 : 0;
            bool? large = first > 0 && tokens[first - 1] is "large" or "small" ? tokens[first - 1] == "large" : null;
            first -= large is null ? 0 : 1;
            yield return (first, noun, new ThingWords(named.Kind, named.Form, color >= 0 ? color : null, large));
        }
    }

    /// <summary>The same for token ids.</summary>
    internal static sbyte[] Of(int[] ids, DecoyScene left, DecoyScene right) =>
        Of([.. ids.Select(DecoyTokens.Tokenizer.TokenOf)], left, right);

    private static sbyte Told(int count) => (sbyte)Math.Min(count, Most);

    private static int IndexOf(this IReadOnlyList<string> all, string word)
    {
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i] == word)
            {
                return i;
            }
        }

        return -1;
    }
}

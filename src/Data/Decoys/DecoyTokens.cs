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

    /// <summary>The vocabulary file's text, one token a line.</summary>
    public static string VocabularyFile => string.Join('\n', Vocabulary) + "\n";

    public static BertWordPiece Tokenizer { get; } =
        BertWordPiece.Create(Vocabulary, source: "the vocabulary of the world with decoys");
}

/// <summary>How many of the things a statement names are in the left and in the right picture.</summary>
public static class DecoyGrounding
{
    /// <summary>The largest number that is told; more count as so many.</summary>
    public const int Most = 5;

    private static readonly string[] Colors = [.. ThingWords.Colors];

    private static readonly Dictionary<string, (ThingKind Kind, int? Form)> Nouns = (
        from kind in Enum.GetValues<ThingKind>()
        from noun in ThingWords.Forms[(int)kind].Select((word, form) => (word, form: (int?)form))
            .Append((ThingWords.Nouns[(int)kind], null))
        from word in new[] { noun.word, ThingWords.Plural(noun.word) }
        select (word, kind, noun.form)).ToDictionary(noun => noun.word, noun => (noun.kind, noun.form));

    /// <summary>For every token two numbers, left and right: how many of what it names are there (at most <see cref="Most"/>), or
    /// <see cref="NlvrPairs.Unnamed"/> for tokens that name nothing. Size, colour and noun side by side name one thing.</summary>
    /// <returns><c>[N, 2]</c></returns>
    public static sbyte[] Of(IReadOnlyList<string> tokens, DecoyScene left, DecoyScene right) =>
        ToyGrounding.Of(tokens.Count, Named(tokens).Select(named => (
            named.First, named.Last, Math.Min(left.Count(named.Words), Most), Math.Min(right.Count(named.Words), Most))));

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
            var color = first > 0 ? Array.IndexOf(Colors, tokens[first - 1]) : -1;
            first -= color >= 0 ? 1 : 0;
            bool? large = first > 0 && tokens[first - 1] is "large" or "small" ? tokens[first - 1] == "large" : null;
            first -= large is null ? 0 : 1;
            yield return (first, noun, new ThingWords(named.Kind, named.Form, color >= 0 ? color : null, large));
        }
    }
}

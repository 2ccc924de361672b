using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.Tokenizers;
using Xunit;

namespace Madtp.Kit.Tests.Compat.Tokenizers;

/// <summary>The stand-ins against slow definitions: greedy longest match, and merging every occurrence of the best pair at once.</summary>
public class TokenizersBehaviourTests
{
    private static readonly Config Fixed = Config.QuickThrowOnFailure.WithReplay(7, 7);
    private static readonly string[] Pieces = ["[UNK]", "a", "b", "ab", "##a", "##ab", "##ba", "##bbb", "😀", "##😀"];

    [Fact]
    public void WordPiece_is_greedy_longest_match()
    {
        using var vocabulary = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Pieces)));
        var tokenizer = WordPieceTokenizer.Create(vocabulary, new WordPieceOptions { PreTokenizer = new WholeText(), MaxInputCharsPerWord = 12 });
        var words = Gen.Elements("a", "b", "😀", "c").ListOf().Select(string.Concat);
        Check.One(Fixed, Prop.ForAll(words.ToArbitrary(), word =>
        {
            var tokens = tokenizer.EncodeToTokens(word, out _);
            Assert.Equal(SlowWordPiece(word), tokens.Select(token => token.Value));
            Assert.Equal(tokens.Select(token => token.Id), tokenizer.EncodeToIds(word));
        }));
    }

    [Fact]
    public void Byte_pair_encoding_merges_the_pair_learned_first()
    {
        var merges = Gen.Choose(0, 1000).ArrayOf(12).Select(LearnMerges);
        var words = Gen.Elements("a", "b", "c").ListOf(24).Select(string.Concat);
        Check.One(Fixed, Prop.ForAll(merges.Zip(words).ToArbitrary(), example =>
        {
            var (pairs, word) = example;
            string[] vocabulary = ["a", "b", "c", "a$", "b$", "c$", .. pairs.Select(pair => pair.Replace(" ", ""))];
            var tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary.Select((token, id) => KeyValuePair.Create(token, id)))
            {
                Merges = pairs,
                EndOfWordSuffix = "$",
                PreTokenizer = new WholeText(),
            });
            var tokens = tokenizer.EncodeToTokens(word, out _);
            Assert.Equal(SlowBytePairs(word, pairs), tokens.Select(token => token.Value));
            Assert.Equal(tokens.Select(token => token.Id), tokenizer.EncodeToIds(word));
            Assert.Equal(tokens.Select(token => token.Id), tokenizer.EncodeToIds(word));
        }));
    }

    private static List<string> SlowWordPiece(string word)
    {
        var result = new List<string>();
        for (var start = 0; start < word.Length;)
        {
            var rest = (start == 0 ? "" : "##") + word[start..];
            var best = Pieces.Where(piece => rest.StartsWith(piece, StringComparison.Ordinal) && (start == 0 || piece.StartsWith("##"))).MaxBy(piece => piece.Length);
            if (best is null || word.Length > 12)
            {
                return ["[UNK]"];
            }

            result.Add(best);
            start += best.Length - (start == 0 ? 0 : 2);
        }

        return result;
    }

    private static List<string> SlowBytePairs(string word, string[] pairs)
    {
        var symbols = word.Select((c, i) => i == word.Length - 1 ? c + "$" : c.ToString()).ToList();
        while (true)
        {
            var best = pairs.FirstOrDefault(pair => symbols.Zip(symbols.Skip(1)).Any(two => $"{two.First} {two.Second}" == pair));
            if (best is null)
            {
                return symbols;
            }

            for (var i = 0; i < symbols.Count - 1; i++)
            {
                if ($"{symbols[i]} {symbols[i + 1]}" == best)
                {
                    symbols[i] += symbols[i + 1];
                    symbols.RemoveAt(i + 1);
                }
            }
        }
    }

    /// <summary>Merges that could have been learned: each of two tokens known before, no result twice.</summary>
    private static string[] LearnMerges(int[] choices)
    {
        List<string> known = ["a", "b", "c", "a$", "b$", "c$"];
        var merges = new List<string>();
        foreach (var choice in choices)
        {
            var inner = known.Where(token => !token.EndsWith('$')).ToList();
            var (left, right) = (inner[choice % inner.Count], known[choice / inner.Count % known.Count]);
            if (!known.Contains(left + right))
            {
                known.Add(left + right);
                merges.Add($"{left} {right}");
            }
        }

        return [.. merges];
    }

    private sealed class WholeText : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => text.Length > 0 ? [(0, text.Length)] : [];

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());
    }
}

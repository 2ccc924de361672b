using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>
/// What Hugging Face's BertTokenizer (uncased, transformers 4.15) does to text before WordPiece, written out as words with one space between:
/// lower case character by character, control characters dropped, Chinese characters set apart, accents stripped, punctuation split off.
/// Special tokens stay as they are. A word of more than 100 code points becomes the unknown token.
/// </summary>
internal sealed class BertNormalizer : Normalizer
{
    private const int LongestWord = 100;
    private static readonly AsciiKind[] AsciiKinds = [.. Enumerable.Range(0, 128).Select(KindOf)];
    private readonly string unknownToken;
    private readonly string[] specialTokens;
    private readonly SearchValues<string> specialSearch;

    /// <summary>A normalizer that leaves <paramref name="specialTokens"/> whole.</summary>
    public BertNormalizer(string unknownToken, IEnumerable<string> specialTokens)
    {
        this.unknownToken = unknownToken;
        this.specialTokens = [.. specialTokens];
        specialSearch = SearchValues.Create(this.specialTokens, StringComparison.Ordinal);
    }

    private enum AsciiKind
    {
        Dropped,
        Space,
        Punctuation,
        Word,
    }

    /// <inheritdoc/>
    public override string Normalize(string original) => Normalize(original.AsSpan());

    /// <inheritdoc/>
    public override string Normalize(ReadOnlySpan<char> original)
    {
        var words = new Words(unknownToken, original.Length);
        while (!original.IsEmpty)
        {
            var at = original.IndexOfAny(specialSearch);
            words.Add(at < 0 ? original : original[..at]);
            if (at < 0)
            {
                break;
            }

            var special = Longest(original[at..]);
            words.AddWhole(special);
            original = original[(at + special.Length)..];
        }

        return words.ToString();
    }

    private static AsciiKind KindOf(int unit) => (char)unit switch
    {
        ' ' or '\t' or '\n' or '\r' => AsciiKind.Space,
        < ' ' or '\x7F' => AsciiKind.Dropped,
        var c when char.IsAsciiLetterOrDigit(c) => AsciiKind.Word,
        _ => AsciiKind.Punctuation,
    };

    private string Longest(ReadOnlySpan<char> text)
    {
        var best = "";
        foreach (var token in specialTokens)
        {
            if (token.Length > best.Length && text.StartsWith(token, StringComparison.Ordinal))
            {
                best = token;
            }
        }

        return best;
    }

    /// <summary>The words so far, and the one being read.</summary>
    private struct Words(string unknownToken, int capacity)
    {
        private readonly StringBuilder result = new(capacity + 16);
        private readonly StringBuilder word = new();
        private readonly List<int> decomposed = [];
        private int wordStart;
        private int wordCodePoints;

        public override readonly string ToString() => result.ToString();

        public void AddWhole(string token)
        {
            StartWord();
            result.Append(token);
        }

        /// <summary>One stretch of text without special tokens; it ends the word it is in.</summary>
        public void Add(ReadOnlySpan<char> text)
        {
            for (var index = 0; index < text.Length;)
            {
                var point = PythonText.NextCodePoint(text, ref index);
                if (point == 0x0130)
                {
                    word.Append('i').Append('\u0307');
                }
                else
                {
                    AddLower(point < 128 ? char.ToLowerInvariant((char)point) : UnicodeTables.Instance.SimpleLower(point));
                }
            }

            EndWord();
        }

        private void AddLower(int point)
        {
            if (IsDropped(point))
            {
                return;
            }

            if (IsSpace(point))
            {
                EndWord();
            }
            else if (IsChinese(point))
            {
                EndWord();
                PythonText.Append(word, point);
                EndWord();
            }
            else
            {
                PythonText.Append(word, point);
            }
        }

        /// <summary>Strips the accents of the word read and splits it at punctuation.</summary>
        private void EndWord()
        {
            if (word.Length == 0)
            {
                return;
            }

            StartWord();
            var text = word.ToString();
            if (Ascii.IsValid(text))
            {
                foreach (var c in text)
                {
                    AddPart(c, AsciiKinds[c] == AsciiKind.Punctuation);
                }
            }
            else
            {
                PythonText.Decompose(text, decomposed);
                foreach (var point in decomposed)
                {
                    var category = UnicodeTables.Instance.CategoryOf(point);
                    if (category != UnicodeCategory.NonSpacingMark)
                    {
                        AddPart(point, point < 128 ? AsciiKinds[point] == AsciiKind.Punctuation : IsPunctuation(category));
                    }
                }
            }

            CloseWord();
            word.Clear();
        }

        private void AddPart(int point, bool punctuation)
        {
            if (punctuation)
            {
                CloseWord();
                StartWord();
            }

            PythonText.Append(result, point);
            wordCodePoints++;
            if (punctuation)
            {
                CloseWord();
                StartWord();
            }
        }

        private void StartWord()
        {
            if (result.Length > 0 && result[^1] != ' ')
            {
                result.Append(' ');
            }

            wordStart = result.Length;
            wordCodePoints = 0;
        }

        private readonly void CloseWord()
        {
            if (wordCodePoints > LongestWord)
            {
                result.Length = wordStart;
                result.Append(unknownToken);
            }
        }

        private static bool IsDropped(int point) => point < 128
            ? AsciiKinds[point] == AsciiKind.Dropped
            : point == 0xFFFD || UnicodeTables.Instance.CategoryOf(point) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

        private static bool IsSpace(int point) => point < 128 ? AsciiKinds[point] == AsciiKind.Space : PythonText.IsSpace(point);

        private static bool IsChinese(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF)
            or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

        private static bool IsPunctuation(UnicodeCategory category) => category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;
    }
}

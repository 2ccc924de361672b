using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>What OpenAI's SimpleTokenizer does to text before byte pair encoding, written out as words with one space between:
/// character references resolved twice, white space closed up, lower case, its pattern's words, bytes as characters.</summary>
internal sealed partial class ClipNormalizer : Normalizer
{
    private static readonly string[] Words =
        [ClipBytePairEncoding.StartToken, ClipBytePairEncoding.EndToken, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        None,
        Letter,
        Number,
        Other,
    }

    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    public override string Normalize(string original)
    {
        var text = Clean(original);
        var result = new StringBuilder(text.Length + (text.Length / 4));
        for (var start = 0; start < text.Length;)
        {
            var length = WordLength(text.AsSpan(start));
            if (length > 0)
            {
                ByteCharacters.Append(result, text.AsSpan(start, length));
                result.Append(' ');
                start += length;
            }
            else
            {
                PythonText.NextCodePoint(text, ref start);
            }
        }

        return result.ToString();
    }

    /// <summary>The text before it is split.</summary>
    internal static string Clean(string text)
    {
        var unescaped = PythonText.Strip(HtmlText.Unescape(HtmlText.Unescape(text)));
        return PythonText.Lower(PythonText.Strip(WhiteSpace().Replace(unescaped, " ")));
    }

    /// <summary>How long a word starts here; 0 where the pattern finds none.</summary>
    private static int WordLength(ReadOnlySpan<char> text)
    {
        foreach (var word in Words)
        {
            if (StartsWith(text, word))
            {
                return word.Length;
            }
        }

        var length = 0;
        var kind = KindOf(PythonText.NextCodePoint(text, ref length));
        while (kind is Kind.Letter or Kind.Other && length < text.Length)
        {
            var end = length;
            if (KindOf(PythonText.NextCodePoint(text, ref end)) != kind)
            {
                break;
            }

            length = end;
        }

        return kind == Kind.None ? 0 : length;
    }

    /// <summary>The pattern ignores case, and by Unicode ſ is a small s.</summary>
    private static bool StartsWith(ReadOnlySpan<char> text, string word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            if (i >= text.Length || (text[i] != word[i] && !(word[i] == 's' && text[i] == 'ſ')))
            {
                return false;
            }
        }

        return true;
    }

    // U+0345 is no letter, but its upper case is: ignoring case, neither set of the pattern takes it.
    private static Kind KindOf(int point) => UnicodeTables.Instance.IsRegexLetter(point) ? Kind.Letter
        : UnicodeTables.Instance.IsRegexNumber(point) ? Kind.Number
        : point == 0x0345 || PythonText.IsUnicodeWhiteSpace(point) ? Kind.None
        : Kind.Other;

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}

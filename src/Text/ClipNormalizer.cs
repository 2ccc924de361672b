using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>What OpenAI's SimpleTokenizer does to text before byte pair encoding, written out as words with one space between:
/// character references resolved twice, white space closed up, lower case, its pattern's words, bytes as characters.</summary>
internal sealed partial class ClipNormalizer : Normalizer
{
    // The pattern ignores case, and by Unicode ſ is a small s.
    private static readonly string[] Words =
    [
        ClipBytePairEncoding.StartToken, ClipBytePairEncoding.StartToken.Replace('s', 'ſ'), ClipBytePairEncoding.EndToken,
        "'s", "'ſ", "'t", "'re", "'ve", "'m", "'ll", "'d",
    ];

    private enum Kind { None, Letter, Number, Other }

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
            if (text.StartsWith(word))
                return word.Length;
        }

        var length = 0;
        var kind = KindOf(PythonText.NextCodePoint(text, ref length));
        while (kind is Kind.Letter or Kind.Other && length < text.Length)
        {
            var end = length;
            if (KindOf(PythonText.NextCodePoint(text, ref end)) != kind)
                break;

            length = end;
        }

        return kind == Kind.None ? 0 : length;
    }

    // U+0345 is no letter, but its upper case is: ignoring case, neither set of the pattern takes it.
    private static Kind KindOf(int point) => UnicodeTables.Instance.IsRegexLetter(point) ? Kind.Letter
        : UnicodeTables.Instance.IsRegexNumber(point) ? Kind.Number
        : point == 0x0345 || PythonText.IsUnicodeWhiteSpace(point) ? Kind.None
        : Kind.Other;

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}

/// <summary>Python's <c>html.unescape</c>: character references of HTML 5, with or without their semicolon, the longest known
/// name winning. The runtime's own decoder knows the names of HTML 4 only.</summary>
internal static partial class HtmlText
{
    private const string WindowsCharacters = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";
    private static readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> Names
        = ReadNames().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The text with every character reference replaced once.</summary>
    public static string Unescape(string text) => References().Replace(text, match => Replacement(match.Groups[1].Value));

    private static Dictionary<string, string> ReadNames()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in TextTable.ReadLines("html5-entities.txt"))
        {
            var fields = line.Split(' ');
            names.Add(fields[0], string.Concat(fields.Skip(1).Select(hex => char.ConvertFromUtf32(Convert.ToInt32(hex, 16)))));
        }

        return names;
    }

    private static string Replacement(string reference)
    {
        if (reference[0] == '#')
            return Numbered(reference[1..].TrimEnd(';'));

        for (var length = reference.Length; length >= 2; length--)
        {
            if (Names.TryGetValue(reference.AsSpan(0, length), out var characters))
                return characters + reference[length..];
        }

        return "&" + reference;
    }

    private static string Numbered(string digits)
    {
        var isHexadecimal = digits[0] is 'x' or 'X';
        var number = 0;
        foreach (var digit in isHexadecimal ? digits[1..] : digits)
            number = Math.Min((number * (isHexadecimal ? 16 : 10)) + Convert.ToInt32(digit.ToString(), 16), 0x110000);

        return number is >= 0x80 and <= 0x9F ? WindowsCharacters[number - 0x80].ToString()
            : number is 0 or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF ? "\uFFFD"
            : IsNoCharacter(number) ? ""
            : char.ConvertFromUtf32(number);
    }

    private static bool IsNoCharacter(int point) => point is (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F
        or (>= 0xFDD0 and <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE;

    // A name is of at most 32 code points.
    [GeneratedRegex(@"&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\t\n\f <&#;]){1,32};?)")]
    private static partial Regex References();
}

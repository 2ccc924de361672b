namespace Madtp.Kit.Text;

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
        {
            return Numbered(reference[1..].TrimEnd(';'));
        }

        for (var length = reference.Length; length >= 2; length--)
        {
            if (Names.TryGetValue(reference.AsSpan(0, length), out var characters))
            {
                return characters + reference[length..];
            }
        }

        return "&" + reference;
    }

    private static string Numbered(string digits)
    {
        var isHexadecimal = digits[0] is 'x' or 'X';
        var number = 0;
        foreach (var digit in isHexadecimal ? digits[1..] : digits)
        {
            number = Math.Min((number * (isHexadecimal ? 16 : 10)) + Convert.ToInt32(digit.ToString(), 16), 0x110000);
        }

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

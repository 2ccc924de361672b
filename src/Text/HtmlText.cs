using System.Globalization;
using System.Text;

namespace Madtp.Kit.Text;

/// <summary>
/// Python's <c>html.unescape</c>: character references of HTML 5, with or without their semicolon, the longest known name winning.
/// The runtime's own decoder knows the names of HTML 4 only.
/// </summary>
internal static class HtmlText
{
    private const int LongestName = 32;
    private const string WindowsCharacters = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";
    private static readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> Names
        = ReadNames().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The text with every character reference replaced once.</summary>
    public static string Unescape(string text)
    {
        var ampersand = text.IndexOf('&');
        if (ampersand < 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (ampersand >= 0)
        {
            result.Append(rest[..ampersand]);
            rest = rest[(ampersand + 1)..];
            var length = ReferenceLength(rest);
            if (length == 0)
            {
                result.Append('&');
            }
            else
            {
                AppendReplacement(result, rest[..length]);
            }

            rest = rest[length..];
            ampersand = rest.IndexOf('&');
        }

        return result.Append(rest).ToString();
    }

    private static Dictionary<string, string> ReadNames()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in TextTable.ReadLines("html5-entities.txt"))
        {
            var fields = line.Split(' ');
            names.Add(fields[0], string.Concat(fields.Skip(1).Select(hex => char.ConvertFromUtf32(int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))));
        }

        return names;
    }

    /// <summary>How much after the ampersand has the form of a reference; 0 for none.</summary>
    private static int ReferenceLength(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }

        int length;
        if (text[0] == '#')
        {
            var hexadecimal = text.Length > 1 && text[1] is 'x' or 'X';
            var digits = hexadecimal ? 2 : 1;
            length = digits;
            while (length < text.Length && (hexadecimal ? char.IsAsciiHexDigit(text[length]) : char.IsAsciiDigit(text[length])))
            {
                length++;
            }

            if (length == digits)
            {
                return 0;
            }
        }
        else
        {
            length = 0;
            for (var points = 0; points < LongestName && length < text.Length && text[length] is not ('\t' or '\n' or '\f' or ' ' or '<' or '&' or '#' or ';'); points++)
            {
                PythonText.NextCodePoint(text, ref length);
            }

            if (length == 0)
            {
                return 0;
            }
        }

        return length < text.Length && text[length] == ';' ? length + 1 : length;
    }

    private static void AppendReplacement(StringBuilder result, ReadOnlySpan<char> reference)
    {
        if (reference[0] == '#')
        {
            AppendNumbered(result, reference[1..].TrimEnd(';'));
            return;
        }

        for (var length = reference.Length; length >= 2; length--)
        {
            if (Names.TryGetValue(reference[..length], out var characters))
            {
                result.Append(characters).Append(reference[length..]);
                return;
            }
        }

        result.Append('&').Append(reference);
    }

    private static void AppendNumbered(StringBuilder result, ReadOnlySpan<char> digits)
    {
        var hexadecimal = digits[0] is 'x' or 'X';
        var number = 0;
        foreach (var digit in hexadecimal ? digits[1..] : digits)
        {
            number = Math.Min((number * (hexadecimal ? 16 : 10)) + Convert.ToInt32(digit.ToString(), 16), 0x110000);
        }

        if (number is >= 0x80 and <= 0x9F)
        {
            result.Append(WindowsCharacters[number - 0x80]);
        }
        else if (number is 0 or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF)
        {
            result.Append('\uFFFD');
        }
        else if (!IsNoCharacter(number))
        {
            PythonText.Append(result, number);
        }
    }

    private static bool IsNoCharacter(int point) => point is (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F
        or (>= 0xFDD0 and <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE;
}

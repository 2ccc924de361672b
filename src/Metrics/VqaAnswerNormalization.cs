using System.Buffers;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>How the official VQA evaluation makes answers comparable, peculiarities included.</summary>
public static class VqaAnswerNormalization
{
    private const string Punctuation = ";/[]\"{}()=+\\_-><@`,?!";

    private static readonly SearchValues<char> Signs = SearchValues.Create(Punctuation + ".");

    // A flag given in the place of the count, so that only so many periods go.
    private const int MostPeriods = 32;

    private static readonly Dictionary<string, string> Numbers = new(StringComparer.Ordinal)
    {
        ["none"] = "0", ["zero"] = "0", ["one"] = "1", ["two"] = "2", ["three"] = "3", ["four"] = "4", ["five"] = "5",
        ["six"] = "6", ["seven"] = "7", ["eight"] = "8", ["nine"] = "9", ["ten"] = "10",
    };

    private static readonly Dictionary<string, string> Contractions = TextTable.ReadLines("vqa-contractions.txt")
        .Select(line => line.Split(' ')).ToDictionary(fields => fields[0], fields => fields[1], StringComparer.Ordinal);

    /// <summary>Punctuation out: a sign goes without trace where the text has a blank beside that sign anywhere, or a comma
    /// between digits anywhere; else it becomes a blank. Then up to 32 periods go that no digit follows.</summary>
    public static string StripPunctuation(string text)
    {
        if (!text.AsSpan().ContainsAny(Signs))
        {
            return text;
        }

        var result = new StringBuilder(text);
        var comma = HasCommaBetweenDigits(text);
        foreach (var sign in Punctuation)
        {
            var gone = comma || text.Contains($"{sign} ", StringComparison.Ordinal)
                || text.Contains($" {sign}", StringComparison.Ordinal);
            result.Replace(sign.ToString(), gone ? "" : " ");
        }

        return StripPeriods(result.ToString());
    }

    /// <summary>Lower case, number words as digits, articles out, contractions with their apostrophe, single blanks.</summary>
    public static string NormalizeWords(string text)
    {
        var words = PythonText.Split(PythonText.Lower(text)).Select(word => Numbers.GetValueOrDefault(word, word));
        return string.Join(' ', words.Where(word => word is not ("a" or "an" or "the"))
            .Select(word => Contractions.GetValueOrDefault(word, word)));
    }

    private static string StripPeriods(string text)
    {
        var result = new StringBuilder(text.Length);
        var removed = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '.' && removed < MostPeriods && !IsDigit(text, i + 1))
            {
                removed++;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static bool HasCommaBetweenDigits(string text)
    {
        for (var i = 1; i < text.Length - 1; i++)
        {
            var before = i > 1 && char.IsSurrogatePair(text[i - 2], text[i - 1]) ? i - 2 : i - 1;
            if (text[i] == ',' && IsDigit(text, before) && IsDigit(text, i + 1))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDigit(string text, int index)
        => index < text.Length && UnicodeTables.Instance.CategoryOf(
            PythonText.NextCodePoint(text, ref index)) == System.Globalization.UnicodeCategory.DecimalDigitNumber;
}

using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>What Hugging Face's BertTokenizer (uncased, transformers 4.15) does to text before WordPiece, written out as words
/// with one space between: lower case character by character, control characters dropped, Chinese characters set apart, accents
/// stripped, punctuation split off. Special tokens stay as they are. A word of more than 100 code points becomes the unknown
/// token.</summary>
/// <param name="unknownToken">What too long a word becomes.</param>
internal sealed class BertNormalizer(string unknownToken, IEnumerable<string> specialTokens) : Normalizer
{
    private const int LongestWord = 100;
    private readonly Regex specials = new(
        string.Join('|', specialTokens.OrderByDescending(token => token.Length).Select(Regex.Escape)));

    public override string Normalize(ReadOnlySpan<char> original) => Normalize(original.ToString());

    public override string Normalize(string original)
    {
        var words = new List<string>();
        var start = 0;
        foreach (Match special in specials.Matches(original))
        {
            AddWords(words, original[start..special.Index]);
            words.Add(special.Value);
            start = special.Index + special.Length;
        }

        AddWords(words, original[start..]);
        return string.Join(' ', words);
    }

    private void AddWords(List<string> words, string text) =>
        Array.ForEach(Cleaned(text).Split(' ', StringSplitOptions.RemoveEmptyEntries), word => AddParts(words, word));

    /// <summary>Lower case, with spaces where words are set apart.</summary>
    private static string Cleaned(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var point in PythonText.CodePoints(text))
        {
            var lower = UnicodeTables.Instance.SimpleLower(point);
            if (point == 0x0130)
            {
                result.Append("i\u0307");
            }
            else if (lower is '\t' or '\n' or '\r')
            {
                result.Append(' ');
            }
            else if (!IsDropped(lower))
            {
                var apart = IsChinese(lower) ? " " : "";
                result.Append(apart).Append(PythonText.IsSpace(lower) ? " " : PythonText.AsText(lower)).Append(apart);
            }
        }

        return result.ToString();
    }

    /// <summary>Strips the accents of a word and splits it at punctuation.</summary>
    private void AddParts(List<string> words, string word)
    {
        var (part, length) = (new StringBuilder(word.Length), 0);
        void Close()
        {
            if (length > 0)
                words.Add(length > LongestWord ? unknownToken : part.ToString());

            part.Clear();
            length = 0;
        }

        foreach (var point in PythonText.Decompose(word))
        {
            var category = UnicodeTables.Instance.CategoryOf(point);
            var isPunctuation = IsPunctuation(point, category);
            if (isPunctuation)
                Close();

            if (category != UnicodeCategory.NonSpacingMark)
            {
                part.Append(PythonText.AsText(point));
                length++;
            }

            if (isPunctuation)
                Close();
        }

        Close();
    }

    private static bool IsDropped(int point) =>
        point == 0xFFFD || UnicodeTables.Instance.CategoryOf(point) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool IsChinese(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    // Of ASCII all that is neither letter nor digit.
    private static bool IsPunctuation(int point, UnicodeCategory category) => point < 128
        ? !char.IsAsciiLetterOrDigit((char)point)
        : category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;
}

/// <summary>Splits at the plain spaces that the kit's normalizers put between words, and nowhere else.</summary>
internal static partial class Spaces
{
    public static PreTokenizer PreTokenizer { get; } = new RegexPreTokenizer(Words(), null);

    [GeneratedRegex("[^ ]+")]
    private static partial Regex Words();
}

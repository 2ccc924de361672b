namespace Madtp.Kit.Text;

/// <summary>Text out of a file as a message may show it: what would clear a terminal, break the line or turn the direction of
/// writing is escaped, and a long text is cut at 100 characters.</summary>
internal static class Printable
{
    private const int Longest = 100;

    /// <summary>A tensor's sizes: <c>[2, 3]</c>.</summary>
    public static string Sizes(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>The text in quotes.</summary>
    public static string Quoted(string text) => $"'{Shown(text)}'";

    /// <summary>The text alone: <c>\u001b</c> for the escape character, <c>�</c> for half of a pair.</summary>
    public static string Shown(string text)
    {
        var shown = new StringBuilder();
        var at = 0;
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, Longest + 1)).EnumerateRunes())
        {
            at += rune.Utf16SequenceLength;
            if (at > Longest)
                return shown.Append('…').ToString();

            _ = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                ? shown.Append($"\\u{rune.Value:x4}")
                : shown.Append(rune);
        }

        return shown.ToString();
    }
}

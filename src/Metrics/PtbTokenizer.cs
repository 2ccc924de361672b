using System.Buffers;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>Penn Treebank tokenization as COCO's caption evaluation does it: Stanford's PTBTokenizer with
/// <c>-preserveLines -lowerCase</c>, its escaping of slashes off, then the evaluation's list of punctuation removed.</summary>
/// <remarks>The captions are read as one text of many lines, since an abbreviation at the end of a line looks at the next. Line
/// separators other than the line feed count as blanks, so that lines and captions stay in step.</remarks>
public static class PtbTokenizer
{
    private static readonly char[] LineEnds = ['\r', '\n', '\u2028', '\u2029', '\u000B', '\u000C'];
    private static readonly SearchValues<string> NeverPlain =
        SearchValues.Create(["cannot", "gonna", "gotta", "lemme", "gimme", "wanna"], StringComparison.OrdinalIgnoreCase);

    // In lower case the round brackets are not what the list names, and stay.
    private static readonly HashSet<string> Removed =
        ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"];

    /// <summary>The captions as the metrics compare them: lower-case tokens with a space between, punctuation removed.</summary>
    /// <param name="captions">The captions in the order of the evaluation.</param>
    /// <returns>One line for each caption.</returns>
    public static IReadOnlyList<string> Tokenize(IReadOnlyList<string> captions)
        => [.. TokenizeRaw(captions).Select(line => string.Join(' ', line.Where(token => !Removed.Contains(token))))];

    /// <summary>The captions' tokens, punctuation included.</summary>
    /// <returns>One list of lower-case tokens for each caption.</returns>
    public static IReadOnlyList<IReadOnlyList<string>> TokenizeRaw(IReadOnlyList<string> captions)
    {
        var text = string.Join('\n', captions.Select(OneLine));
        var lines = new List<IReadOnlyList<string>>(captions.Count);
        var line = new List<string>();
        var failing = new int[PtbRules.All.Count];
        for (var position = 0; position < text.Length;)
        {
            if (text[position] == '\n')
            {
                lines.Add(line);
                line = [];
                position++;
            }
            else
            {
                position += Next(text, position, line, failing);
            }
        }

        if (captions.Count > 0)
            lines.Add(line);

        return lines;
    }

    private static string OneLine(string caption) => string.Join(' ', caption.Split(LineEnds));

    /// <summary>Adds the token at a place, if there is one there, and returns how much text it took.</summary>
    private static int Next(string text, int position, List<string> line, int[] failing)
    {
        if (IsSkipped(text[position]))
            return 1;

        var plain = PlainWordLength(text, position);
        if (plain > 0)
        {
            line.Add(text.Substring(position, plain).ToLowerInvariant());
            return plain;
        }

        if (text.AsSpan(position).StartsWith("&nbsp;", StringComparison.OrdinalIgnoreCase))
            return "&nbsp;".Length;

        var (rule, match) = Longest(text, position, failing);
        if (rule is null)
        {
            // What no rule knows, half an emoji for one, is left out, as the original does.
            return 1;
        }

        var token = match!.Groups["t"] is { Success: true } group ? group.Value : match.Value;
        var kept = rule.Repeats ? token : token[..^rule.GiveBack];
        line.Add(PythonText.Lower(rule.Rewrite?.Invoke(kept) ?? kept)); // which is also how Java does it
        return token.Length - rule.GiveBack;
    }

    private static (PtbRule? Rule, Match? Match) Longest(string text, int position, int[] failing)
    {
        PtbRule? best = null;
        Match? bestMatch = null;
        var start = StartOf(text[position]);
        for (var i = 0; i < PtbRules.All.Count; i++)
        {
            var rule = PtbRules.All[i];
            var match = (rule.Starts & start) == 0 ? Match.Empty : rule.At(text, position, ref failing[i]);
            if (match.Length > (bestMatch?.Length ?? 0))
                (best, bestMatch) = (rule, match);
        }

        return (best, bestMatch);
    }

    /// <summary>The length of a word of plain letters before a blank, which no rule treats otherwise; else 0.</summary>
    private static int PlainWordLength(string text, int position)
    {
        var end = position;
        while (end < text.Length && char.IsAsciiLetter(text[end]))
            end++;

        var plain = end > position && (end == text.Length || text[end] is ' ' or '\n')
            && !text.AsSpan(position, end - position).ContainsAny(NeverPlain);
        return plain ? end - position : 0;
    }

    private static bool IsSkipped(char unit) => unit is ' ' or '\t' or '\0' or '\u007F' or '\u00A0'
        or (>= '\u2000' and <= '\u200B') or '\u200E' or '\u200F' or '\u3000' or '\uFEFF';

    private static PtbStart StartOf(char unit)
        => char.IsLetter(unit) ? PtbStart.Letter
            : char.IsDigit(unit) ? PtbStart.Digit
            : unit == '&' ? PtbStart.Reference
            : char.IsSurrogate(unit) ? PtbStart.Surrogate
            : char.IsAscii(unit) ? PtbStart.Sign
            : PtbStart.Sign | PtbStart.Letter | PtbStart.Digit;
}

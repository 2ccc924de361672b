namespace Madtp.Kit.Text;

/// <summary>The string rules of Python 3 (Unicode 14.0) that the reference pre-processing relies on and .NET decides differently:
/// what counts as white space, how a string is lower-cased, and the normal form NFD. Strings stay UTF-16; a lone surrogate is a
/// code point of its own.</summary>
internal static class PythonText
{
    private static readonly char[] Spaces = [.. Enumerable.Range(0, 0x3001).Where(IsSpace).Select(point => (char)point)];

    /// <summary>Reads the code point at <paramref name="index"/> and moves past it.</summary>
    public static int NextCodePoint(ReadOnlySpan<char> text, ref int index)
    {
        var unit = text[index++];
        return char.IsHighSurrogate(unit) && index < text.Length && char.IsLowSurrogate(text[index])
            ? char.ConvertToUtf32(unit, text[index++])
            : unit;
    }

    /// <summary>Every code point of a text.</summary>
    public static IEnumerable<int> CodePoints(string text)
    {
        for (var index = 0; index < text.Length;)
            yield return NextCodePoint(text, ref index);
    }

    /// <summary>One code point as text, a lone surrogate included.</summary>
    public static string AsText(int codePoint) =>
        codePoint < 0x10000 ? ((char)codePoint).ToString() : char.ConvertFromUtf32(codePoint);

    /// <summary>What <c>str.isspace</c>, <c>str.split</c>, <c>str.strip</c> and <c>re</c>'s <c>\s</c> take for space.</summary>
    public static bool IsSpace(int codePoint) => codePoint is >= 0x1C and <= 0x1F || IsUnicodeWhiteSpace(codePoint);

    /// <summary>The property White_Space, which is what the package <c>regex</c> takes <c>\s</c> to be.</summary>
    public static bool IsUnicodeWhiteSpace(int codePoint) => codePoint is (>= 0x09 and <= 0x0D) or 0x20 or 0x85 or 0xA0 or 0x1680
        or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    /// <summary><c>str.strip()</c>.</summary>
    public static string Strip(string text) => text.Trim(Spaces);

    /// <summary><c>str.split()</c>.</summary>
    public static List<string> Split(string text) => [.. text.Split(Spaces, StringSplitOptions.RemoveEmptyEntries)];

    /// <summary><c>str.lower()</c>: the full mapping, by which U+0130 becomes two characters and a last sigma is ς.</summary>
    public static string Lower(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToLowerInvariant();

        int[] points = [.. CodePoints(text)];
        var result = new StringBuilder(text.Length + 2);
        foreach (var (place, point) in points.Index())
        {
            result.Append(point switch
            {
                0x03A3 => IsFinalSigma(points, place) ? "ς" : "σ",
                0x0130 => "i\u0307",
                _ => AsText(UnicodeTables.Instance.SimpleLower(point)),
            });
        }

        return result.ToString();
    }

    /// <summary>The code points of <c>unicodedata.normalize("NFD", …)</c>.</summary>
    public static List<int> Decompose(string text)
    {
        var points = new List<int>(text.Length);
        foreach (var point in CodePoints(text))
            UnicodeTables.Instance.AppendDecomposition(point, points);

        OrderMarks(points);
        return points;
    }

    /// <summary>Unicode's Final_Sigma (section 3.13): a cased letter before, none after, past what may be ignored.</summary>
    private static bool IsFinalSigma(int[] points, int place)
    {
        static bool BeginsCased(IEnumerable<int> points) =>
            points.SkipWhile(UnicodeTables.Instance.IsCaseIgnorable).Take(1).Any(UnicodeTables.Instance.IsCased);
        var before = Enumerable.Range(1, place).Select(back => points[place - back]);
        return BeginsCased(before) && !BeginsCased(points.Skip(place + 1));
    }

    /// <summary>Canonical ordering: a stable sort by combining class of every run of marks.</summary>
    private static void OrderMarks(List<int> points)
    {
        var tables = UnicodeTables.Instance;
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && tables.CombiningClassOf(points[end]) != 0)
                end++;

            if (end > start + 1)
            {
                var run = points[start..end].OrderBy(tables.CombiningClassOf).ToArray();
                run.CopyTo(CollectionsMarshal.AsSpan(points)[start..end]);
            }

            start = end;
        }
    }
}

namespace Madtp.Kit.Text;

/// <summary>What Unicode 14.0 says of a code point. The reference tokenizers' results depend on these tables, so the kit carries
/// them: the runtime's own change with its version, and culture-invariant it decomposes nothing.</summary>
internal sealed class UnicodeTables
{
    private const int CodePoints = 0x110000;
    // In the order of UnicodeCategory.
    private const string Codes = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So";
    private const byte CasedFlag = 1;
    private const byte CaseIgnorableFlag = 2;
    private const byte NewerLetterFlag = 4;
    private const byte NewerNumberFlag = 8;
    private readonly byte[] categories = new byte[CodePoints];
    private readonly byte[] flags = new byte[CodePoints];
    private readonly Dictionary<int, int> lowerDistances = [];
    private readonly Dictionary<int, int[]> decompositions = [];
    private readonly Dictionary<int, int> combiningClasses = [];

    private UnicodeTables()
    {
        Array.Fill(categories, (byte)UnicodeCategory.OtherNotAssigned);
        foreach (var line in TextTable.ReadLines("unicode-14.txt"))
            Add(line);
    }

    /// <summary>The one copy, read at first use.</summary>
    public static UnicodeTables Instance { get; } = new();

    /// <summary>The general category; unassigned code points and lone surrogates have theirs too.</summary>
    public UnicodeCategory CategoryOf(int codePoint) => (UnicodeCategory)categories[codePoint];

    /// <summary>The lower case of one code point by the simple mapping; U+0130, which becomes two, stays.</summary>
    public int SimpleLower(int codePoint) =>
        lowerDistances.TryGetValue(codePoint, out var distance) ? codePoint + distance : codePoint;

    /// <summary>Whether the character is upper, lower or title case.</summary>
    public bool IsCased(int codePoint) => (flags[codePoint] & CasedFlag) != 0;

    /// <summary>Whether the rule for the final sigma looks through the character.</summary>
    public bool IsCaseIgnorable(int codePoint) => (flags[codePoint] & CaseIgnorableFlag) != 0;

    /// <summary><c>\p{L}</c> of the package <c>regex</c> 2022.10.31, which knows the letters of Unicode 15.0.</summary>
    public bool IsRegexLetter(int codePoint) =>
        CategoryOf(codePoint) <= UnicodeCategory.OtherLetter || (flags[codePoint] & NewerLetterFlag) != 0;

    /// <summary><c>\p{N}</c> of the package <c>regex</c> 2022.10.31, which knows the numbers of Unicode 15.0.</summary>
    public bool IsRegexNumber(int codePoint)
        => CategoryOf(codePoint) is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber
            || (flags[codePoint] & NewerNumberFlag) != 0;

    /// <summary>The canonical combining class; 0 for a starter.</summary>
    public int CombiningClassOf(int codePoint) => combiningClasses.GetValueOrDefault(codePoint);

    /// <summary>Appends the full canonical decomposition of one code point, marks not yet ordered.</summary>
    public void AppendDecomposition(int codePoint, List<int> destination)
    {
        const int hangulFirst = 0xAC00, hangulCount = 11172, vowels = 21, tails = 28;
        var syllable = codePoint - hangulFirst;
        if ((uint)syllable < hangulCount)
        {
            destination.Add(0x1100 + (syllable / (vowels * tails)));
            destination.Add(0x1161 + (syllable % (vowels * tails) / tails));
            if (syllable % tails != 0)
                destination.Add(0x11A7 + (syllable % tails));
        }
        else if (decompositions.TryGetValue(codePoint, out var parts))
        {
            foreach (var part in parts)
                AppendDecomposition(part, destination);
        }
        else
        {
            destination.Add(codePoint);
        }
    }

    private static int Hex(ReadOnlySpan<char> text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static byte ParseCategory(string code) => Codes.IndexOf(code, StringComparison.Ordinal) is >= 0 and var at
        ? (byte)(at / 3)
        : throw new InvalidDataException($"unicode-14.txt names the unknown category '{code}'");

    private void Add(string line)
    {
        var fields = line.Split(' ');
        var dash = fields[1].IndexOf('-');
        var first = Hex(dash < 0 ? fields[1] : fields[1].AsSpan(0, dash));
        var end = (dash < 0 ? first : Hex(fields[1].AsSpan(dash + 1))) + 1;
        switch (fields[0])
        {
            case "G":
                Array.Fill(categories, ParseCategory(fields[2]), first, end - first);
                break;
            case "D":
                decompositions.Add(first, [.. fields.Skip(2).Select(part => Hex(part))]);
                break;
            case "L" or "C":
                var map = fields[0] == "L" ? lowerDistances : combiningClasses;
                var number = int.Parse(fields[2], CultureInfo.InvariantCulture);
                for (var point = first; point < end; point++)
                    map.Add(point, number);

                break;
            case "I" or "U" or "R":
                var flag = fields[0] == "I" ? CaseIgnorableFlag : fields[0] == "U" ? CasedFlag
                    : fields[2] == "Lo" ? NewerLetterFlag : NewerNumberFlag;
                for (var point = first; point < end; point++)
                    flags[point] |= flag;

                break;
            default:
                throw new InvalidDataException($"unicode-14.txt holds a line of unknown kind: '{line}'");
        }
    }
}

/// <summary>Reads the text tables that travel inside the library.</summary>
internal static class TextTable
{
    /// <summary>The lines of a table in one of the folders src/…/Tables, comments left out.</summary>
    public static IEnumerable<string> ReadLines(string name)
    {
        using var stream = typeof(TextTable).Assembly.GetManifestResourceStream($"Madtp.Kit.Tables.{name}")
            ?? throw new InvalidDataException($"the library was built without its table '{name}'");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                yield return line;
        }
    }
}

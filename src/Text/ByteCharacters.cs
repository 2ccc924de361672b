using System.Text;

namespace Madtp.Kit.Text;

/// <summary>
/// The printable character that stands for each byte in a byte-level vocabulary: itself where Latin-1 prints it,
/// else the next free one from U+0100.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] Characters = MakeCharacters();
    private static readonly Dictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToDictionary(value => Characters[value], value => (byte)value);

    /// <summary>The 256 characters in the order of the vocabulary: those that stand for themselves, then the others.</summary>
    public static IEnumerable<char> InVocabularyOrder { get; } = [.. Characters.Where(c => c < 256), .. Characters.Where(c => c >= 256)];

    /// <summary>Appends the characters of the text's UTF-8 bytes; a lone surrogate counts as U+FFFD.</summary>
    public static void Append(StringBuilder destination, ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var count = rune.EncodeToUtf8(utf8);
            foreach (var value in utf8[..count])
            {
                destination.Append(Characters[value]);
            }
        }
    }

    /// <summary>The text of such characters; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string Decode(string characters) => Encoding.UTF8.GetString([.. characters.Select(c => Bytes[c])]);

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var free = '\u0100';
        for (var value = 0; value < 256; value++)
        {
            var prints = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = prints ? (char)value : free++;
        }

        return characters;
    }
}

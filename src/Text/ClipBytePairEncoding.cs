using System.IO.Compression;
using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>The tokenizer of CLIP: OpenAI's SimpleTokenizer on the merges of <c>bpe_simple_vocab_16e6.txt.gz</c>; 49,408 ids. The
/// original first repairs text with ftfy (curly quotes, mis-decoded characters); this does not, as the authors' goldens did not.
/// Letters and case are Unicode 14.0's, on which the reference ran. A lone surrogate, which it rejects, is U+FFFD.</summary>
public sealed class ClipBytePairEncoding : TextTokenizer
{
    internal const string StartToken = "<|startoftext|>";
    internal const string EndToken = "<|endoftext|>";
    private const int MergeCount = 49152 - 256 - 2;
    private const string Suffix = "</w>";

    private ClipBytePairEncoding(string[] vocabulary, BpeTokenizer tokenizer)
        : base(vocabulary, tokenizer, (vocabulary.Length - 2, vocabulary.Length - 1))
    {
    }

    /// <summary>The id of <c>&lt;|endoftext|&gt;</c> (49407), at which the text's feature is read.</summary>
    public int EndId => VocabularySize - 1;

    /// <summary>Reads the merges, compressed with gzip or plain: a heading, then one pair a line, in their order.</summary>
    /// <param name="mergesPath">The file <c>bpe_simple_vocab_16e6.txt.gz</c>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line, which is named, is no pair of known tokens or is missing.</exception>
    public static ClipBytePairEncoding Load(string mergesPath)
    {
        if (!File.Exists(mergesPath))
        {
            throw new FileNotFoundException(
                $"there are no CLIP merges at '{mergesPath}'; they are the file bpe_simple_vocab_16e6.txt.gz", mergesPath);
        }

        var bytes = File.ReadAllBytes(mergesPath);
        using var file = new MemoryStream(bytes);
        using var reader = new StreamReader(
            bytes is [0x1F, 0x8B, ..] ? new GZipStream(file, CompressionMode.Decompress) : file);
        var merges = new List<string>(MergeCount);
        reader.ReadLine();
        while (merges.Count < MergeCount)
        {
            merges.Add(reader.ReadLine() ?? throw new InvalidDataException(
                $"{mergesPath} ends after line {merges.Count + 1}; CLIP's merges fill {MergeCount + 1}"));
        }

        return Create(merges, mergesPath);
    }

    /// <summary>Makes a tokenizer of the merges given, each two tokens with a space between, the first learned first.</summary>
    /// <exception cref="InvalidDataException">A line is not a pair of known tokens; the message names the line.</exception>
    public static ClipBytePairEncoding Create(IEnumerable<string> merges, string source = "the merges")
    {
        var pairs = merges.ToArray();
        string[] characters = [.. ByteCharacters.InVocabularyOrder.Select(c => c.ToString())];
        string[] vocabulary =
        [
            .. characters, .. characters.Select(c => c + Suffix), // 512 of bytes
            .. pairs.Select(pair => pair.Replace(" ", "", StringComparison.Ordinal)), StartToken, EndToken,
        ];
        CheckMerges(pairs, vocabulary, source);
        var options = new BpeOptions(vocabulary.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = pairs,
            EndOfWordSuffix = Suffix,
            Normalizer = new ClipNormalizer(),
            PreTokenizer = Spaces.PreTokenizer,
            SpecialTokens = new Dictionary<string, int>
            {
                [StartToken] = vocabulary.Length - 2, [EndToken] = vocabulary.Length - 1,
            },
        };
        return new ClipBytePairEncoding(vocabulary, BpeTokenizer.Create(options));
    }

    /// <summary>The text of ids; every word is followed by a space.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Decode(IEnumerable<int> ids)
        => ByteCharacters.Decode(string.Concat(ids.Select(TokenOf))).Replace(Suffix, " ", StringComparison.Ordinal);

    private static void CheckMerges(string[] pairs, string[] vocabulary, string source)
    {
        var known = new HashSet<string>(vocabulary.Take(512), StringComparer.Ordinal);
        foreach (var (i, pair) in pairs.Index())
        {
            var tokens = pair.Split(' ');
            Guard.Data(tokens.Length == 2 && known.Contains(tokens[0]) && known.Contains(tokens[1]),
                $"{source}, line {i + 2}: {Printable.Quoted(pair)} is not two tokens of the lines before "
                + $"with a space between");
            Guard.Data(known.Add(tokens[0] + tokens[1]),
                $"{source}, line {i + 2}: the token {Printable.Quoted(tokens[0] + tokens[1])} is there already");
        }
    }
}

/// <summary>The printable character that stands for each byte in a byte-level vocabulary: itself where Latin-1 prints it, else
/// the next free one from U+0100.</summary>
internal static class ByteCharacters
{
    private static readonly char[] Characters = MakeCharacters();
    private static readonly Dictionary<char, byte> Bytes =
        Enumerable.Range(0, 256).ToDictionary(value => Characters[value], value => (byte)value);

    /// <summary>The 256 characters in the order of the vocabulary: those that stand for themselves, then the others.</summary>
    public static IEnumerable<char> InVocabularyOrder { get; } = Characters.OrderBy(c => c >= 256); // stable

    /// <summary>Appends the characters of the text's UTF-8 bytes; a lone surrogate counts as U+FFFD.</summary>
    public static void Append(StringBuilder destination, ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                destination.Append(Characters[value]);
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

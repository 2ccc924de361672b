using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>Texts as ids of a vocabulary, with one id that starts a text and one that ends it.</summary>
public abstract class TextTokenizer
{
    private readonly string[] vocabulary;
    private readonly Tokenizer tokenizer;
    private readonly (int First, int Last) around;

    private protected TextTokenizer(string[] vocabulary, Tokenizer tokenizer, (int First, int Last) around) =>
        (this.vocabulary, this.tokenizer, this.around) = (vocabulary, tokenizer, around);

    /// <summary>How many ids there are: CLIP's 49,408, BERT's 30,522, and 30,524 with BLIP's two.</summary>
    public int VocabularySize => vocabulary.Length;

    /// <summary>The ids of a text, without start and end.</summary>
    public IReadOnlyList<int> Encode(string text) => tokenizer.EncodeToIds(text);

    /// <summary>The ids of a text between start and end, at most <paramref name="maxLength"/> with these.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is less than 2.</exception>
    public int[] EncodeWithSpecials(string text, int maxLength = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        return [around.First, .. Encode(text).Take(maxLength - 2), around.Last];
    }

    /// <summary>The token of an id, as the vocabulary writes it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string TokenOf(int id) => (uint)id < (uint)vocabulary.Length
        ? vocabulary[id]
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"the vocabulary has the ids 0 to {vocabulary.Length - 1}");

    /// <summary>The tokens of ids.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string[] Tokens(IEnumerable<int> ids) => [.. ids.Select(TokenOf)];
}

/// <summary>The tokenizer of BLIP's text models: Hugging Face's BertTokenizer (transformers 4.15) on the vocabulary of
/// bert-base-uncased, to which BLIP appends <c>[DEC]</c> (30522, starts a generated text) and <c>[ENC]</c> (30523, takes the
/// class token's place in image-grounded encoding). Letters, marks and spaces are those of Unicode 14.0, on which the reference
/// ran.</summary>
public sealed class BertWordPiece : TextTokenizer
{
    private const string Unknown = "[UNK]";
    private static readonly string[] BertTokens = [Unknown, "[SEP]", "[PAD]", "[CLS]", "[MASK]"];
    private static readonly string[] BlipTokens = ["[DEC]", "[ENC]"];
    private readonly HashSet<int> specialIds;

    // The ids are those of BertTokens, in their order.
    private BertWordPiece(string[] vocabulary, WordPieceTokenizer tokenizer, int[] ids, bool blip)
        : base(vocabulary, tokenizer, (ids[3], ids[1]))
    {
        (UnknownId, SeparatorId, PaddingId) = (ids[0], ids[1], ids[2]);
        (DecoderId, EncoderId) = blip ? (vocabulary.Length - 2, vocabulary.Length - 1) : ((int?)null, (int?)null);
        specialIds = [.. ids, .. new[] { DecoderId, EncoderId }.OfType<int>()];
    }

    /// <summary>The id of <c>[UNK]</c> (100).</summary>
    public int UnknownId { get; }

    /// <summary>The id of <c>[SEP]</c> (102), which ends a text.</summary>
    public int SeparatorId { get; }

    /// <summary>The id of <c>[PAD]</c> (0).</summary>
    public int PaddingId { get; }

    /// <summary>The id of BLIP's <c>[DEC]</c> (30522); null without BLIP's tokens.</summary>
    public int? DecoderId { get; }

    /// <summary>The id of BLIP's <c>[ENC]</c> (30523); null without BLIP's tokens.</summary>
    public int? EncoderId { get; }

    /// <summary>Reads a vocabulary file: one token a line, the id being the line's number from 0.</summary>
    /// <param name="vocabularyPath">The file <c>vocab.txt</c> of bert-base-uncased, or one like it.</param>
    /// <param name="blip">Whether to append BLIP's two tokens.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A token is missing or there twice; the message names file and line.</exception>
    public static BertWordPiece Load(string vocabularyPath, bool blip = true)
    {
        if (!File.Exists(vocabularyPath))
        {
            throw new FileNotFoundException(
                $"there is no BERT vocabulary at '{vocabularyPath}'; it is the file vocab.txt of bert-base-uncased");
        }

        return Create(File.ReadAllLines(vocabularyPath), blip, vocabularyPath);
    }

    /// <summary>Makes a tokenizer of the tokens given, the id being the place in the list.</summary>
    /// <param name="tokens">The vocabulary; it must hold [UNK], [SEP], [PAD], [CLS] and [MASK].</param>
    /// <param name="blip">Whether to append BLIP's two tokens.</param>
    /// <exception cref="InvalidDataException">A token is missing, empty or there twice; the message names the line.</exception>
    public static BertWordPiece Create(IEnumerable<string> tokens, bool blip = true, string source = "the vocabulary")
    {
        string[] vocabulary = blip ? [.. tokens, .. BlipTokens] : [.. tokens];
        CheckVocabulary(vocabulary, source);
        var options = new WordPieceOptions
        {
            Normalizer = new BertNormalizer(Unknown, blip ? [.. BertTokens, .. BlipTokens] : BertTokens),
            PreTokenizer = Spaces.PreTokenizer,
            UnknownToken = Unknown,
            ContinuingSubwordPrefix = "##",
            // The normalizer replaces longer words; this counts UTF-16 units, of which 100 code points may have 200.
            MaxInputCharsPerWord = 200,
        };
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', vocabulary)));
        int[] ids = [.. BertTokens.Select(token => Array.IndexOf(vocabulary, token))];
        return new BertWordPiece(vocabulary, WordPieceTokenizer.Create(stream, options), ids, blip);
    }

    /// <summary>The text of ids as Hugging Face's <c>decode</c> puts it together, special tokens skipped: pieces joined, spaces
    /// before punctuation and contractions removed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        var pieces = string.Join(' ', ids.Where(id => !specialIds.Contains(id)).Select(TokenOf));
        string[] closed = [".", "?", "!", ",", "' ", "n't", "'m", "'s", "'ve", "'re"];
        return closed.Aggregate(
            PythonText.Strip(pieces.Replace(" ##", "", StringComparison.Ordinal)),
            (text, mark) => text.Replace($" {mark}", mark.TrimEnd(), StringComparison.Ordinal));
    }

    private static void CheckVocabulary(string[] vocabulary, string source)
    {
        var lines = new Dictionary<string, int>(vocabulary.Length, StringComparer.Ordinal);
        foreach (var (id, token) in vocabulary.Index())
        {
            Guard.Data(token.Length > 0, $"{source}, line {id + 1}: the token is empty; a BERT vocabulary has one token a line");
            Guard.Data(lines.TryAdd(token, id),
                $"{source}, line {id + 1}: the token {Printable.Quoted(token)} is on line {lines[token] + 1} already");
        }

        var missing = BertTokens.FirstOrDefault(token => !lines.ContainsKey(token));
        Guard.Data(missing is null, $"{source}: the token {missing} is missing; is it the vocab.txt of bert-base-uncased?");
    }
}

using System.Text;
using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>
/// The tokenizer of BLIP's text models: Hugging Face's BertTokenizer on the vocabulary of bert-base-uncased (as in transformers 4.15),
/// to which BLIP appends <c>[DEC]</c> (30522, starts a generated text) and <c>[ENC]</c> (30523, takes the class token's place in image-grounded encoding).
/// </summary>
/// <remarks>What is a letter, a mark or a space is decided by Unicode 14.0, on which the reference ran, on every runtime.</remarks>
public sealed class BertWordPiece
{
    private const string Unknown = "[UNK]";
    private static readonly string[] BertTokens = [Unknown, "[SEP]", "[PAD]", "[CLS]", "[MASK]"];
    private static readonly string[] BlipTokens = ["[DEC]", "[ENC]"];
    private readonly string[] vocabulary;
    private readonly HashSet<int> specialIds;

    private BertWordPiece(string[] vocabulary, WordPieceTokenizer tokenizer, bool blip)
    {
        this.vocabulary = vocabulary;
        Tokenizer = tokenizer;
        UnknownId = tokenizer.UnknownTokenId;
        SeparatorId = Array.IndexOf(vocabulary, "[SEP]");
        PaddingId = Array.IndexOf(vocabulary, "[PAD]");
        ClassId = Array.IndexOf(vocabulary, "[CLS]");
        MaskId = Array.IndexOf(vocabulary, "[MASK]");
        DecoderId = blip ? vocabulary.Length - 2 : null;
        EncoderId = blip ? vocabulary.Length - 1 : null;
        specialIds = [UnknownId, SeparatorId, PaddingId, ClassId, MaskId];
        if (blip)
        {
            specialIds.UnionWith([vocabulary.Length - 2, vocabulary.Length - 1]);
        }
    }

    /// <summary>The tokenizer underneath, for its own interface.</summary>
    public WordPieceTokenizer Tokenizer { get; }

    /// <summary>How many ids there are: 30,522, and 30,524 with BLIP's two.</summary>
    public int VocabularySize => vocabulary.Length;

    /// <summary>The id of <c>[UNK]</c> (100).</summary>
    public int UnknownId { get; }

    /// <summary>The id of <c>[SEP]</c> (102), which ends a text.</summary>
    public int SeparatorId { get; }

    /// <summary>The id of <c>[PAD]</c> (0).</summary>
    public int PaddingId { get; }

    /// <summary>The id of <c>[CLS]</c> (101), which starts a text.</summary>
    public int ClassId { get; }

    /// <summary>The id of <c>[MASK]</c> (103).</summary>
    public int MaskId { get; }

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
            throw new FileNotFoundException($"there is no BERT vocabulary at '{vocabularyPath}'; it is the file vocab.txt of bert-base-uncased", vocabularyPath);
        }

        return Create(File.ReadAllLines(vocabularyPath), blip, vocabularyPath);
    }

    /// <summary>Makes a tokenizer of the tokens given, the id being the place in the list.</summary>
    /// <param name="tokens">The vocabulary; it must hold [UNK], [SEP], [PAD], [CLS] and [MASK].</param>
    /// <param name="blip">Whether to append BLIP's two tokens.</param>
    /// <param name="source">What a message calls the vocabulary.</param>
    /// <exception cref="InvalidDataException">A token is missing, empty or there twice; the message names the line.</exception>
    public static BertWordPiece Create(IEnumerable<string> tokens, bool blip = true, string source = "the vocabulary")
    {
        string[] vocabulary = blip ? [.. tokens, .. BlipTokens] : [.. tokens];
        CheckVocabulary(vocabulary, source);
        var options = new WordPieceOptions
        {
            Normalizer = new BertNormalizer(Unknown, blip ? [.. BertTokens, .. BlipTokens] : BertTokens),
            PreTokenizer = new SpacePreTokenizer(),
            UnknownToken = Unknown,
            ContinuingSubwordPrefix = "##",
            // The normalizer replaces longer words; this counts UTF-16 units, of which 100 code points may have 200.
            MaxInputCharsPerWord = 200,
        };
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', vocabulary)));
        return new BertWordPiece(vocabulary, WordPieceTokenizer.Create(stream, options), blip);
    }

    /// <summary>The ids of a text, without start and end.</summary>
    public IReadOnlyList<int> Encode(string text) => Tokenizer.EncodeToIds(text);

    /// <summary>The ids of a text between <c>[CLS]</c> and <c>[SEP]</c>, cut to at most <paramref name="maxLength"/> ids, these two included.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is less than 2.</exception>
    public int[] EncodeWithSpecials(string text, int maxLength = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        return [ClassId, .. Encode(text).Take(maxLength - 2), SeparatorId];
    }

    /// <summary>Encodes several texts between <c>[CLS]</c> and <c>[SEP]</c> and pads them at the end.</summary>
    /// <param name="texts">The texts, B of them.</param>
    /// <param name="maxLength">Longer texts are cut to this many ids, <c>[CLS]</c> and <c>[SEP]</c> included.</param>
    /// <param name="padToMaxLength">Whether to pad to <paramref name="maxLength"/> instead of to the longest text.</param>
    /// <returns>Ids and attention mask, <c>[B, N]</c>.</returns>
    public TokenBatch EncodeBatch(IEnumerable<string> texts, int maxLength = int.MaxValue, bool padToMaxLength = false)
        => TokenBatch.Pad([.. texts.Select(text => EncodeWithSpecials(text, maxLength))], PaddingId, padToMaxLength ? maxLength : null);

    /// <summary>The token of an id, as the vocabulary writes it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string TokenOf(int id)
        => (uint)id < (uint)vocabulary.Length
            ? vocabulary[id]
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"the vocabulary has the ids 0 to {vocabulary.Length - 1}");

    /// <summary>The text of ids, put together as Hugging Face's <c>decode</c> does: pieces joined, spaces before punctuation and contractions removed.</summary>
    /// <param name="ids">Ids of this vocabulary.</param>
    /// <param name="skipSpecialTokens">Whether to leave out [CLS], [SEP], [PAD] and the like.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var parts = new List<string>();
        var pieces = new List<string>();
        foreach (var id in ids.Where(id => !skipSpecialTokens || !specialIds.Contains(id)))
        {
            if (id == DecoderId || id == EncoderId)
            {
                AddJoined(parts, pieces);
                parts.Add(TokenOf(id));
            }
            else
            {
                pieces.Add(TokenOf(id));
            }
        }

        AddJoined(parts, pieces);
        return CloseUp(string.Join(' ', parts));
    }

    private static void AddJoined(List<string> parts, List<string> pieces)
    {
        if (pieces.Count > 0)
        {
            parts.Add(PythonText.Strip(string.Join(' ', pieces).Replace(" ##", "", StringComparison.Ordinal)).ToString());
            pieces.Clear();
        }
    }

    private static string CloseUp(string text)
    {
        string[] spaced = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"];
        string[] closed = [".", "?", "!", ",", "'", "n't", "'m", "'s", "'ve", "'re"];
        return spaced.Zip(closed).Aggregate(text, (current, pair) => current.Replace(pair.First, pair.Second, StringComparison.Ordinal));
    }

    private static void CheckVocabulary(string[] vocabulary, string source)
    {
        var lines = new Dictionary<string, int>(vocabulary.Length, StringComparer.Ordinal);
        for (var id = 0; id < vocabulary.Length; id++)
        {
            if (vocabulary[id].Length == 0)
            {
                throw new InvalidDataException($"{source}, line {id + 1}: the token is empty; a BERT vocabulary has one token a line");
            }

            if (!lines.TryAdd(vocabulary[id], id))
            {
                throw new InvalidDataException($"{source}, line {id + 1}: the token '{vocabulary[id]}' is on line {lines[vocabulary[id]] + 1} already");
            }
        }

        foreach (var token in BertTokens)
        {
            if (!lines.ContainsKey(token))
            {
                throw new InvalidDataException($"{source}: the token {token} is missing; is it the vocab.txt of bert-base-uncased?");
            }
        }
    }
}

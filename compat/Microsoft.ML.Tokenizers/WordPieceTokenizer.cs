namespace Microsoft.ML.Tokenizers;

/// <summary>WordPiece: the longest piece of the vocabulary from the left, again and again; a word that does not come out is unknown.</summary>
public class WordPieceTokenizer : Tokenizer
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> firstPieces;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> laterPieces;
    private readonly string[] tokens;
    private readonly int longestPiece;
    private readonly int longestWord;

    private WordPieceTokenizer(List<string> vocabulary, WordPieceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options.UnknownToken);
        ArgumentNullException.ThrowIfNull(options.ContinuingSubwordPrefix);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxInputCharsPerWord);
        tokens = [.. vocabulary];
        var first = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        var later = new Dictionary<string, int>(tokens.Length / 4, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
        {
            if (tokens[id].Length == 0)
            {
                continue;
            }

            first.Add(tokens[id], id);
            if (tokens[id].Length > options.ContinuingSubwordPrefix.Length && tokens[id].StartsWith(options.ContinuingSubwordPrefix, StringComparison.Ordinal))
            {
                later.Add(tokens[id][options.ContinuingSubwordPrefix.Length..], id);
            }

            longestPiece = Math.Max(longestPiece, tokens[id].Length);
        }

        if (!first.TryGetValue(options.UnknownToken, out var unknown))
        {
            throw new ArgumentException($"The unknown token '{options.UnknownToken}' is not in the vocabulary.");
        }

        (UnknownTokenId, longestWord) = (unknown, options.MaxInputCharsPerWord);
        (PreTokenizer, Normalizer) = (options.PreTokenizer, options.Normalizer);
        firstPieces = first.GetAlternateLookup<ReadOnlySpan<char>>();
        laterPieces = later.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public override PreTokenizer? PreTokenizer { get; }

    public override Normalizer? Normalizer { get; }

    public int UnknownTokenId { get; }

    /// <summary>Reads a vocabulary, one token a line; the line's number, from 0, is the id.</summary>
    public static WordPieceTokenizer Create(Stream vocabStream, WordPieceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(vocabStream);
        var reader = new StreamReader(vocabStream);
        var vocabulary = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            vocabulary.Add(line);
        }

        return new WordPieceTokenizer(vocabulary, options ?? new WordPieceOptions());
    }

    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var prepared = Prepare(text, textSpan, settings, out var normalized, out var pieces);
        var ids = new List<int>((prepared.Length / 4) + 4);
        var consumed = 0;
        foreach (var (offset, length) in pieces)
        {
            var before = ids.Count;
            Encode(prepared.AsSpan(offset, length), ids, null);
            if (ids.Count > settings.MaxTokenCount)
            {
                ids.RemoveRange(before, ids.Count - before);
                break;
            }

            consumed = offset + length;
        }

        return new EncodeResults<int> { Tokens = ids, NormalizedText = normalized ? prepared : null, CharsConsumed = consumed };
    }

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var prepared = Prepare(text, textSpan, settings, out var normalized, out var pieces);
        var result = new List<EncodedToken>();
        var ids = new List<int>();
        var ends = new List<int>();
        foreach (var (offset, length) in pieces)
        {
            ids.Clear();
            ends.Clear();
            Encode(prepared.AsSpan(offset, length), ids, ends);
            var start = offset;
            for (var i = 0; i < ids.Count; i++)
            {
                result.Add(new EncodedToken(ids[i], tokens[ids[i]], new Range(start, offset + ends[i])));
                start = offset + ends[i];
            }
        }

        return new EncodeResults<EncodedToken> { Tokens = result, NormalizedText = normalized ? prepared : null, CharsConsumed = prepared.Length };
    }

    private void Encode(ReadOnlySpan<char> word, List<int> ids, List<int>? ends)
    {
        var before = ids.Count;
        var start = 0;
        while (start < word.Length && word.Length <= longestWord)
        {
            var pieces = start == 0 ? firstPieces : laterPieces;
            var length = Math.Min(word.Length - start, longestPiece);
            var id = 0;
            while (length > 0 && !pieces.TryGetValue(word.Slice(start, length), out id))
            {
                length--;
            }

            if (length == 0)
            {
                break;
            }

            ids.Add(id);
            start += length;
            ends?.Add(start);
        }

        if (start < word.Length)
        {
            ids.RemoveRange(before, ids.Count - before);
            ids.Add(UnknownTokenId);
            ends?.Clear();
            ends?.Add(word.Length);
        }
    }
}

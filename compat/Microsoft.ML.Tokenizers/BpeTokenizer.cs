using System.Collections.Concurrent;

namespace Microsoft.ML.Tokenizers;

/// <summary>Byte pair encoding: a piece starts as its characters, and the adjacent pair that was learned first is merged until none is left.</summary>
public sealed class BpeTokenizer : Tokenizer
{
    private const int CachedWords = 1 << 16;
    private const int LongestCachedWord = 64;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;
    private readonly Dictionary<int, string> tokens;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> specials;
    private readonly Dictionary<long, (int Rank, int Id)> merges = [];
    private readonly ConcurrentDictionary<string, Symbol[]>.AlternateLookup<ReadOnlySpan<char>> cache;
    private readonly string? suffix;
    private int cached;

    private BpeTokenizer(BpeOptions options)
    {
        var vocabulary = new Dictionary<string, int>(options.Vocabulary, StringComparer.Ordinal);
        if (vocabulary.Count == 0)
        {
            throw new InvalidOperationException("The vocabulary cannot be empty.");
        }

        ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        tokens = vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        specials = new Dictionary<string, int>(options.SpecialTokens ?? new Dictionary<string, int>(), StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        cache = new ConcurrentDictionary<string, Symbol[]>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        (PreTokenizer, Normalizer, suffix) = (options.PreTokenizer, options.Normalizer, options.EndOfWordSuffix);
        foreach (var merge in options.Merges ?? [])
        {
            AddMerge(vocabulary, merge);
        }
    }

    public override PreTokenizer? PreTokenizer { get; }

    public override Normalizer? Normalizer { get; }

    public static BpeTokenizer Create(BpeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BpeTokenizer(options);
    }

    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var prepared = Prepare(text, textSpan, settings, out var normalized, out var pieces);
        var result = new List<int>((prepared.Length / 4) + 4);
        var consumed = 0;
        foreach (var (offset, length) in pieces)
        {
            foreach (var symbol in Encode(prepared.AsSpan(offset, length)))
            {
                if (result.Count == settings.MaxTokenCount)
                {
                    break;
                }

                result.Add(symbol.Id);
                consumed = offset + symbol.End;
            }
        }

        return new EncodeResults<int> { Tokens = result, NormalizedText = normalized ? prepared : null, CharsConsumed = consumed };
    }

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var prepared = Prepare(text, textSpan, settings, out var normalized, out var pieces);
        var result = new List<EncodedToken>();
        foreach (var (offset, length) in pieces)
        {
            var piece = prepared.AsSpan(offset, length);
            var start = offset;
            foreach (var symbol in Encode(piece))
            {
                var value = tokens.TryGetValue(symbol.Id, out var token) ? token : piece.ToString();
                result.Add(new EncodedToken(symbol.Id, value, new Range(start, offset + symbol.End)));
                start = offset + symbol.End;
            }
        }

        return new EncodeResults<EncodedToken> { Tokens = result, NormalizedText = normalized ? prepared : null, CharsConsumed = prepared.Length };
    }

    private static long Pair(int left, int right) => ((long)left << 32) | (uint)right;

    private void AddMerge(Dictionary<string, int> vocabulary, string merge)
    {
        var space = merge.IndexOf(' ');
        if (space < 0 || space == merge.Length - 1 || merge.IndexOf(' ', space + 1) >= 0)
        {
            throw new InvalidOperationException("Invalid merger file format");
        }

        int IdOf(string token) => vocabulary.TryGetValue(token, out var id)
            ? id
            : throw new InvalidOperationException($"Trying to merge a token '{token}' which not exist in the vocabulary.");
        var (left, right) = (merge[..space], merge[(space + 1)..]);
        merges.Add(Pair(IdOf(left), IdOf(right)), (merges.Count, IdOf(left + right)));
    }

    private Symbol[] Encode(ReadOnlySpan<char> piece)
    {
        if (specials.TryGetValue(piece, out var special))
        {
            return [new Symbol(special, piece.Length)];
        }

        if (cache.TryGetValue(piece, out var known))
        {
            return known;
        }

        var symbols = Merge(Characters(piece));
        if (piece.Length <= LongestCachedWord && Volatile.Read(ref cached) < CachedWords && cache.TryAdd(piece, symbols))
        {
            Interlocked.Increment(ref cached);
        }

        return symbols;
    }

    /// <summary>The piece's characters; the last carries the suffix, and one the vocabulary lacks is left out.</summary>
    private List<Symbol> Characters(ReadOnlySpan<char> piece)
    {
        var symbols = new List<Symbol>(piece.Length);
        for (var start = 0; start < piece.Length;)
        {
            var length = start + 1 < piece.Length && char.IsSurrogatePair(piece[start], piece[start + 1]) ? 2 : 1;
            var character = piece.Slice(start, length);
            start += length;
            if (ids.TryGetValue(start == piece.Length && suffix is not null ? string.Concat(character, suffix) : character, out var id))
            {
                symbols.Add(new Symbol(id, start));
            }
        }

        return symbols;
    }

    /// <summary>Merges the pair of lowest rank, leftmost first, over a linked list with a queue of candidates: n·log n in the piece's length.</summary>
    private Symbol[] Merge(List<Symbol> symbols)
    {
        var count = symbols.Count;
        var (id, end, next, previous) = (new int[count], new int[count], new int[count], new int[count]);
        var queue = new PriorityQueue<(int Position, long Pair, int Id), (int Rank, int Position)>();
        for (var i = 0; i < count; i++)
        {
            (id[i], end[i], next[i], previous[i]) = (symbols[i].Id, symbols[i].End, i + 1, i - 1);
        }

        void Consider(int left)
        {
            if (left >= 0 && next[left] < count && merges.TryGetValue(Pair(id[left], id[next[left]]), out var merge))
            {
                queue.Enqueue((left, Pair(id[left], id[next[left]]), merge.Id), (merge.Rank, left));
            }
        }

        for (var i = 0; i < count; i++)
        {
            Consider(i);
        }

        while (queue.TryDequeue(out var candidate, out _))
        {
            var left = candidate.Position;
            var right = next[left];
            if (id[left] < 0 || right >= count || Pair(id[left], id[right]) != candidate.Pair)
            {
                continue;
            }

            (id[left], end[left], next[left], id[right]) = (candidate.Id, end[right], next[right], -1);
            if (next[left] < count)
            {
                previous[next[left]] = left;
            }

            Consider(previous[left]);
            Consider(left);
        }

        var merged = new List<Symbol>(count);
        for (var i = 0; i < count; i = next[i])
        {
            merged.Add(new Symbol(id[i], end[i]));
        }

        return [.. merged];
    }

    /// <summary>A token inside a piece, and where it ends there.</summary>
    private readonly record struct Symbol(int Id, int End);
}

namespace Microsoft.ML.Tokenizers;

/// <summary>Turns text into tokens: normalizer, then pre-tokenizer, then the model of the derived class on every piece.</summary>
public abstract class Tokenizer
{
    protected Tokenizer()
    {
    }

    public virtual PreTokenizer? PreTokenizer => null;

    public virtual Normalizer? Normalizer => null;

    public IReadOnlyList<int> EncodeToIds(string text, bool considerPreTokenization = true, bool considerNormalization = true)
        => EncodeToIds(text, default, Settings(considerPreTokenization, considerNormalization)).Tokens;

    public IReadOnlyList<EncodedToken> EncodeToTokens(string text, out string? normalizedText, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        var results = EncodeToTokens(text, default, Settings(considerPreTokenization, considerNormalization));
        normalizedText = results.NormalizedText;
        return results.Tokens;
    }

    protected abstract EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings);

    protected virtual EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var results = EncodeToTokens(text, textSpan, settings);
        var ids = new List<int>(Math.Min(results.Tokens.Count, settings.MaxTokenCount));
        for (var i = 0; i < results.Tokens.Count && i < settings.MaxTokenCount; i++)
        {
            ids.Add(results.Tokens[i].Id);
        }

        return new EncodeResults<int> { Tokens = ids, NormalizedText = results.NormalizedText, CharsConsumed = results.CharsConsumed };
    }

    /// <summary>The text as the settings ask for it, and its pieces.</summary>
    private protected string Prepare(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, out bool normalized, out IEnumerable<(int Offset, int Length)> pieces)
    {
        var prepared = text ?? textSpan.ToString();
        normalized = settings.ConsiderNormalization && Normalizer is not null && prepared.Length > 0;
        if (normalized)
        {
            prepared = Normalizer!.Normalize(prepared);
        }

        pieces = settings.ConsiderPreTokenization && PreTokenizer is not null ? PreTokenizer.PreTokenize(prepared)
            : prepared.Length > 0 ? [(0, prepared.Length)]
            : [];
        return prepared;
    }

    private static EncodeSettings Settings(bool preTokenize, bool normalize)
        => new() { ConsiderPreTokenization = preTokenize, ConsiderNormalization = normalize };
}

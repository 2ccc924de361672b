namespace Madtp.Kit.Models.Decoding;

/// <summary>How a text is generated. The defaults are those of BLIP's captioning: beam search with 3 beams, 5 to 20 tokens.</summary>
/// <remarks>Lengths count all tokens, the prompt included, as in Hugging Face's <c>generate</c>, which the released models were scored with.</remarks>
public sealed record GenerationSettings
{
    /// <summary>Most tokens of a text.</summary>
    public int MaxLength { get; init; } = 20;

    /// <summary>Tokens before which a text must not end.</summary>
    public int MinLength { get; init; } = 5;

    /// <summary>Texts that beam search carries along for each image; 1 is greedy search.</summary>
    public int Beams { get; init; } = 3;

    /// <summary>Above 1, words that a text has already are less likely to come again: log-probabilities below 0 are multiplied by it, scores above 0 divided.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Beam search ranks finished texts by log-probability / length^penalty.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>Whether beam search ends an image's search as soon as it has as many finished texts as beams, without looking for better ones.</summary>
    public bool EarlyStopping { get; init; }

    /// <summary>Draws words at random instead of searching; null searches.</summary>
    public SamplingSettings? Sampling { get; init; }

    /// <summary>Id that ends a text: [SEP].</summary>
    public long EndId { get; init; } = 102;

    /// <summary>Id that fills short texts up: [PAD].</summary>
    public long PaddingId { get; init; }

    /// <summary>BLIP's captioning by nucleus sampling: p = 0.9, repetition penalty 1.1.</summary>
    /// <param name="seed">Equal seeds give equal captions.</param>
    public static GenerationSettings Nucleus(long seed) => new() { Beams = 1, RepetitionPenalty = 1.1, Sampling = new SamplingSettings { Seed = seed } };

    /// <summary>BLIP's free answers to questions: 3 beams, 1 to 10 tokens.</summary>
    public static GenerationSettings Answer { get; } = new() { MaxLength = 10, MinLength = 1 };

    /// <summary>Checks the settings against a prompt.</summary>
    /// <exception cref="ArgumentException">A setting makes no sense; the message says which.</exception>
    internal void Check(long promptLength)
    {
        Demand(Beams >= 1, $"beams must be at least 1, not {Beams}");
        Demand(promptLength >= 1, "a prompt has at least one token, the one that begins a text");
        Demand(MaxLength > promptLength, $"a prompt of {promptLength} tokens leaves no room in a text of at most {MaxLength}");
        Demand(RepetitionPenalty > 0, FormattableString.Invariant($"the repetition penalty must be above 0, not {RepetitionPenalty}"));
        Demand(Sampling is null || Beams == 1, "sampling draws one text at a time; it takes 1 beam");
        Demand(Sampling is null or { TopP: > 0 and <= 1, TopK: >= 0, Temperature: > 0 }, $"sampling takes 0 < p ≤ 1, k ≥ 0 and a temperature above 0, not {Sampling}");
    }

    private static void Demand(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }
}

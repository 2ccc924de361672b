namespace Madtp.Kit.Models.Decoding;

/// <summary>How words are drawn at random. The defaults are those of BLIP's nucleus sampling in Hugging Face's <c>generate</c>.</summary>
public sealed record SamplingSettings
{
    /// <summary>p: words are drawn from the smallest set of likeliest words whose probabilities reach it.</summary>
    public double TopP { get; init; } = 0.9;

    /// <summary>k: words are drawn from the k likeliest at most; 0 sets no limit. Where BLIP says nothing, <c>generate</c> takes 50.</summary>
    public int TopK { get; init; } = 50;

    /// <summary>Scores are divided by it; below 1 likely words become likelier.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Equal seeds draw equal words.</summary>
    public long Seed { get; init; }
}

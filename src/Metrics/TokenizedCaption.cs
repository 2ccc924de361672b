namespace Madtp.Kit.Metrics;

/// <summary>One image's generated caption and the captions people wrote, tokenized: words with spaces between.</summary>
/// <param name="ImageId">The image.</param>
/// <param name="Hypothesis">The generated caption.</param>
/// <param name="References">The captions people wrote; at least one.</param>
public sealed record TokenizedCaption(long ImageId, string Hypothesis, IReadOnlyList<string> References);

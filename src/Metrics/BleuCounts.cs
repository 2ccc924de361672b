namespace Madtp.Kit.Metrics;

/// <summary>What BLEU is computed from.</summary>
/// <param name="TestLength">Words in the generated captions.</param>
/// <param name="ReferenceLength">Words in the references closest in length.</param>
/// <param name="Guessed">Runs of one to four words in the generated captions.</param>
/// <param name="Correct">How many of them a reference has too.</param>
public sealed record BleuCounts(long TestLength, long ReferenceLength, IReadOnlyList<long> Guessed, IReadOnlyList<long> Correct);

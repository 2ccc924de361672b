namespace Madtp.Kit.Metrics;

/// <summary>BLEU-1 to BLEU-4, index 0 to 3.</summary>
/// <param name="Corpus">Of the corpus.</param>
/// <param name="PerImage">Of each image, in the order given.</param>
/// <param name="Counts">What the corpus's come from.</param>
public sealed record BleuResult(IReadOnlyList<double> Corpus, IReadOnlyList<IReadOnlyList<double>> PerImage, BleuCounts Counts);

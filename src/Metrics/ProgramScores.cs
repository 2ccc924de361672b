namespace Madtp.Kit.Metrics;

/// <summary>What one of the official scoring programs answered.</summary>
/// <param name="Corpus">The score of the whole.</param>
/// <param name="PerImage">The score of each image, in the order given.</param>
internal sealed record ProgramScores(double Corpus, IReadOnlyList<double> PerImage);

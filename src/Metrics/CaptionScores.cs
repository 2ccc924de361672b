namespace Madtp.Kit.Metrics;

/// <summary>The scores of a set of captions.</summary>
/// <param name="Bleu">BLEU-1 to BLEU-4.</param>
/// <param name="RougeL">ROUGE-L.</param>
/// <param name="Cider">CIDEr-D.</param>
/// <param name="Meteor">METEOR; null where its program was not given.</param>
/// <param name="Spice">SPICE; null where its program was not given.</param>
/// <param name="BleuCounts">What BLEU comes from.</param>
/// <param name="Images">The scores of each image.</param>
public sealed record CaptionScores(
    IReadOnlyList<double> Bleu, double RougeL, double Cider, double? Meteor, double? Spice, BleuCounts BleuCounts, IReadOnlyList<CaptionImageScores> Images);

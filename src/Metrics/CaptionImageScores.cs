namespace Madtp.Kit.Metrics;

/// <summary>The scores of one image's caption.</summary>
/// <param name="ImageId">The image.</param>
/// <param name="Bleu">BLEU-1 to BLEU-4.</param>
/// <param name="RougeL">ROUGE-L.</param>
/// <param name="Cider">CIDEr-D.</param>
/// <param name="Meteor">METEOR; null where its program was not given.</param>
/// <param name="Spice">SPICE; null where its program was not given.</param>
public sealed record CaptionImageScores(long ImageId, IReadOnlyList<double> Bleu, double RougeL, double Cider, double? Meteor, double? Spice);

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>Scores of a retrieval run, on the host; higher is closer. Pairs that were not candidates have −100.</summary>
/// <param name="ImageToText">How well each text fits an image, <c>[I, T]</c>.</param>
/// <param name="TextToImage">How well each image fits a text, <c>[T, I]</c>.</param>
public sealed record RetrievalScores(Tensor ImageToText, Tensor TextToImage)
{
    /// <summary>Score of a pair that was not a candidate.</summary>
    public const float NotRanked = -100;

    /// <summary>Scores of plain similarities <c>[I, T]</c>, the same both ways (CLIP).</summary>
    public static RetrievalScores Of(Tensor similarity) => new(similarity.cpu(), similarity.t().contiguous().cpu());
}

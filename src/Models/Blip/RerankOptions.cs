namespace Madtp.Kit.Models.Blip;

/// <summary>How retrieval re-ranks its first guesses.</summary>
public sealed record RerankOptions
{
    /// <summary>Candidates of each query that are judged as pairs (<c>k_test</c>; COCO 256, Flickr30k 128).</summary>
    public int Candidates { get; init; } = 256;

    /// <summary>Pairs read at once.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>How images of different lengths share a batch (defect 5 of the released code).</summary>
    public ImagePadding Padding { get; init; }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Data.Nlvr2;

/// <summary>Statements about pairs of images as a model takes them.</summary>
/// <param name="Images">Normalised images, first all left ones, then all right ones, <c>[2B, 3, H, W]</c>.</param>
/// <param name="Ids">Statement tokens with [ENC] first, padded, <c>[B, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
/// <param name="Labels">1 where the statement is true, else 0, <c>[B]</c> int64.</param>
public sealed record NlvrPairBatch(Tensor Images, Tensor Ids, Tensor Mask, Tensor Labels)
{
    /// <summary>What each patch of each image shows, in the images' order, <c>[2B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses { get; init; }

    /// <summary>How many of what a token names are in the left and in the right image, −1 for tokens that name nothing, <c>[B, N, 2]</c> int64; null where it is not known.</summary>
    public Tensor? NamedCounts { get; init; }

    /// <summary>Tokens of each statement, padding left out.</summary>
    public required IReadOnlyList<int> TextLengths { get; init; }
}

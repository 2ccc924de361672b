using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>A batch of images and texts in the joint space, each <c>[B, E]</c> of length 1.</summary>
/// <param name="Image">Image features.</param>
/// <param name="Text">Text features.</param>
public sealed record ContrastiveFeatures(Tensor Image, Tensor Text)
{
    /// <summary>Normalises features <c>[B, E]</c> to length 1.</summary>
    public static ContrastiveFeatures Normalized(Tensor image, Tensor text) => new(Unit(image), Unit(text));

    /// <summary>Rows of <c>[B, E]</c> scaled to length 1.</summary>
    public static Tensor Unit(Tensor feature) => nn.functional.normalize(feature, dim: -1);
}

using Madtp.Kit.Models.Contrastive;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>What CLIP makes of a batch of images and texts.</summary>
/// <param name="Image">The images.</param>
/// <param name="Text">The texts.</param>
/// <param name="Logits">exp(logit_scale) · cosine, images against texts, <c>[B_images, B_texts]</c>.</param>
/// <param name="AlignmentLoss">L_sim (eq. 12), a scalar; null where nothing was aligned, or where images and texts are not pairs.</param>
public sealed record ClipOutput(ClipEncoding Image, ClipEncoding Text, Tensor Logits, Tensor? AlignmentLoss)
{
    /// <summary>The features, normalised.</summary>
    public ContrastiveFeatures Features => ContrastiveFeatures.Normalized(Image.Feature, Text.Feature);
}

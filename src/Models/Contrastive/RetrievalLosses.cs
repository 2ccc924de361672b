using static TorchSharp.torch;

namespace Madtp.Kit.Models.Contrastive;

/// <summary>The losses of one training step of a retrieval model, scalars.</summary>
/// <param name="Contrastive">ITC, image against text in the joint space.</param>
/// <param name="Matching">ITM, does this text belong to this image; null in a model without it (CLIP).</param>
/// <param name="Alignment">L_sim (eq. 12) of the encoders that learn; null where nothing was aligned.</param>
/// <param name="MomentumAlignment">L_sim of the momentum copies; null where nothing was aligned. It carries no gradient.</param>
public sealed record RetrievalLosses(Tensor Contrastive, Tensor? Matching, Tensor? Alignment, Tensor? MomentumAlignment)
{
    /// <summary>The batch as the encoders that learn see it, features of length 1.</summary>
    public required ContrastiveFeatures Features { get; init; }

    /// <summary>Final image tokens of the encoder that learns, for losses on them.</summary>
    public required TokenState ImageTokens { get; init; }

    /// <summary>L_task, the sum of contrastive and matching loss.</summary>
    public Tensor Task => Matching is null ? Contrastive : Contrastive + Matching;
}

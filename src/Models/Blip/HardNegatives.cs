using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Wrong partners for image-text matching, the likelier drawn the more similar they are.</summary>
public static class HardNegatives
{
    /// <summary>
    /// Draws one column per row with probability softmax(similarity), never one that shows the row's own image. Whatever the device,
    /// lots are drawn on the processor, whose random state checkpoints hold.
    /// </summary>
    /// <param name="similarity">Scaled similarities, <c>[B, B]</c>.</param>
    /// <param name="imageIds">Ids that tell images apart, <c>[B]</c> int64.</param>
    /// <param name="generator">Where randomness comes from; null for the global generator.</param>
    /// <returns>A column for each row, <c>[B]</c> int64.</returns>
    /// <exception cref="ArgumentException">A row has no column of another image.</exception>
    public static Tensor Draw(Tensor similarity, Tensor imageIds, Generator? generator = null)
    {
        using var off = no_grad();
        var same = imageIds.view(-1, 1).eq(imageIds.view(1, -1)); // [B, B]
        if (same.all(1).any().item<bool>())
        {
            throw new ArgumentException($"all {imageIds.shape[0]} samples of the batch show one image; matching needs a second one to draw a wrong partner from", nameof(imageIds));
        }

        // Masked before the softmax rather than after: the same distribution, but it cannot underflow to nothing.
        var weights = similarity.detach().masked_fill(same, float.NegativeInfinity).softmax(1);
        return weights.to(float32).cpu().multinomial(1, false, generator).squeeze(1).to(similarity.device);
    }
}

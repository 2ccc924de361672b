using static TorchSharp.torch;

namespace Madtp.Kit.Alignment;

/// <summary>The alignment loss L_sim (eq. 12): how far the features of the two modalities point apart.</summary>
public static class AlignmentLoss
{
    /// <summary>
    /// (1/K) Σ_i (1 − cos(E^v_i, E^l_i)), averaged over the batch.
    /// </summary>
    /// <param name="image">Image features, <c>[B, K, d_k]</c>.</param>
    /// <param name="text">Text features, <c>[B, K, d_k]</c>.</param>
    /// <returns>A scalar in [0, 2].</returns>
    public static Tensor Similarity(Tensor image, Tensor text)
    {
        var cosine = (Unit(image) * Unit(text)).sum(-1) / ((Unit(image).norm(-1) * Unit(text).norm(-1)) + 1e-12); // [B, K]
        return (1 - cosine).mean();
    }

    // Features are sums over many tokens and may be zero for an empty text; 1e-10 keeps the direction defined, as released.
    private static Tensor Unit(Tensor feature) => feature / (feature.norm(-1, keepdim: true) + 1e-10);
}

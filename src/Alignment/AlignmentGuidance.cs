using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Alignment;

/// <summary>
/// Multimodal alignment guidance (MAG, Section 3.2): learnable tokens E attend to the tokens of either modality; what they
/// gather is the aligned feature, where they look tells which tokens matter to both.
/// </summary>
public static class AlignmentGuidance
{
    /// <summary>Raw scores R = q Eᵀ: tokens <c>[B, N, d_k]</c>, E <c>[K, d_k]</c> to <c>[B, N, K]</c>. Unscaled, no softmax.</summary>
    public static Tensor RawScores(Tensor tokens, Tensor learnableTokens) => tokens.MatMul(learnableTokens.t()); // [B, N, K]

    /// <summary>
    /// Attention maps A = softmax over the tokens of R/√d_k (eq. 2), <c>[B, K, N]</c>; tokens masked 0 get none.
    /// </summary>
    /// <param name="rawScores">R, <c>[B, N, K]</c>.</param>
    /// <param name="alignmentWidth">d_k.</param>
    /// <param name="mask">1 for real tokens, 0 for padding, <c>[B, N]</c>; null when all are real.</param>
    public static Tensor AttentionMaps(Tensor rawScores, long alignmentWidth, Tensor? mask = null)
    {
        var scaled = rawScores.transpose(1, 2) / Math.Sqrt(alignmentWidth); // [B, K, N]
        if (mask is not null)
        {
            scaled = scaled.masked_fill(mask.unsqueeze(1) == 0, -1e9);
        }

        return scaled.softmax(-1);
    }

    /// <summary>Aligned features A V' (eq. 3): maps <c>[B, K, N]</c>, tokens <c>[B, N, d_k]</c> to <c>[B, K, d_k]</c>.</summary>
    public static Tensor Features(Tensor attentionMaps, Tensor tokens) => attentionMaps.MatMul(tokens); // [B, K, d_k]
}

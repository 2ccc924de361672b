using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Multimodal alignment guidance (MAG, Section 3.2): learnable tokens E attend to the tokens V' of either modality (eq.
/// 1, the map V' = W_v V + b_v, is <see cref="AlignmentMap"/>); what they gather is the aligned feature, where they look tells
/// which tokens matter to both.</summary>
public static class AlignmentGuidance
{
    /// <summary>Raw scores R = q Eᵀ: tokens <c>[B, N, d_k]</c>, E <c>[K, d_k]</c> to <c>[B, N, K]</c>. Unscaled, no
    /// softmax.</summary>
    public static Tensor RawScores(Tensor tokens, Tensor learnableTokens) =>
        nn.functional.linear(tokens, learnableTokens); // [B, N, K]

    /// <summary>R of tokens V <c>[B, N, D]</c> that nobody needs mapped: V (E W_v)ᵀ + E b_v, <c>[B, N, K]</c>, where that is less
    /// work than V' Eᵀ.</summary>
    internal static Tensor RawScores(Tensor tokens, AlignmentMap? map, Tensor learnableTokens) =>
        map is null ? RawScores(tokens, learnableTokens)
        : tokens.shape[0] * tokens.shape[1] < 2 * learnableTokens.shape[0] ? RawScores(map.forward(tokens), learnableTokens)
        : nn.functional.linear(tokens, learnableTokens.MatMul(map.Weight), nn.functional.linear(map.Bias, learnableTokens));

    /// <summary>Attention maps A = softmax over the tokens of R/√d_k (eq. 2): R <c>[B, N, K]</c> to <c>[B, K, N]</c>.</summary>
    /// <param name="alignmentWidth">d_k.</param>
    /// <param name="padding">See <see cref="Padding"/>; null when all are tokens.</param>
    public static Tensor AttentionMaps(Tensor rawScores, long alignmentWidth, Tensor? padding = null) =>
        Times(rawScores, 1 / Math.Sqrt(alignmentWidth), padding?.unsqueeze(2)).softmax(1).transpose(1, 2); // [B, K, N]

    /// <summary>What scores over tokens get added so that padding has no part: −10⁹ there, else 0. <c>[B, N]</c> bool to
    /// <c>[B, N]</c>.</summary>
    public static Tensor Padding(Tensor padded) => padded * -1e9;

    /// <summary>Scores times a factor, plus a padding that broadcasts to them.</summary>
    internal static Tensor Times(Tensor scores, double factor, Tensor? padding) =>
        padding is null ? scores * factor : padding.add(scores, alpha: factor);

    /// <summary>Aligned features A V' (eq. 3): maps <c>[B, K, N]</c>, tokens <c>[B, N, d_k]</c> to <c>[B, K, d_k]</c>.</summary>
    public static Tensor Features(Tensor attentionMaps, Tensor tokens) => attentionMaps.MatMul(tokens); // [B, K, d_k]

    /// <summary>Mean cosine between different ones of K vectors, <c>[…, K, d]</c>: 1 where all point the same way, so that K of
    /// them say no more than one.</summary>
    public static double MeanCosine(Tensor vectors)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var (unit, count) = (nn.functional.normalize(vectors, dim: -1), vectors.shape[^2]);
        var all = unit.MatMul(unit.transpose(-2, -1)).mean().item<float>();
        return ((all * count) - 1) / (count - 1);
    }
}

/// <summary>The alignment loss L_sim (eq. 12): how far the features of the two modalities point apart.</summary>
public static class AlignmentLoss
{
    /// <summary>The alignment loss of what a model's two encoders gathered, as the paper has it or as a control; null where
    /// nothing was aligned.</summary>
    public static Tensor? Of(AlignedFeatures? features, GuidanceTraining training = GuidanceTraining.Paper) =>
        features is null ? null : training switch
        {
            GuidanceTraining.ShuffledTexts => Similarity(features.Image, Ranks.Own(Ranks.Gather(features.Text).roll(1, 0))),
            GuidanceTraining.Negatives => Contrast(Ranks.Gather(features.Image), Ranks.Gather(features.Text)),
            _ => Similarity(features.Image, features.Text),
        };

    /// <summary>(1/K) Σ_i (1 − cos(E^v_i, E^l_i)), averaged over the batch: features <c>[B, K, d_k]</c> to a scalar in
    /// [0, 2].</summary>
    public static Tensor Similarity(Tensor image, Tensor text)
    {
        var cosine = (Unit(image) * Unit(text)).sum(-1) / ((Unit(image).norm(-1) * Unit(text).norm(-1)) + 1e-12); // [B, K]
        return (1 - cosine).mean();
    }

    /// <summary>Cross-entropy of telling a pair's text among those of the batch, and its images, by the mean cosine over the K
    /// features <c>[B, K, d_k]</c>, at a temperature of 0.1. Unlike eq. 12 it cannot be met by features that are all
    /// alike.</summary>
    public static Tensor Contrast(Tensor image, Tensor text)
    {
        var cosines = einsum("ikd,jkd->ij", Unit(image), Unit(text)) / (0.1 * image.shape[1]); // [B, B]
        using var own = arange(image.shape[0], device: image.device);
        return (nn.functional.cross_entropy(cosines, own) + nn.functional.cross_entropy(cosines.t(), own)) / 2;
    }

    // Features are sums over many tokens and may be zero for an empty text; 1e-10 keeps the direction defined, as released.
    private static Tensor Unit(Tensor feature) => feature / (feature.norm(-1, keepdim: true) + 1e-10);
}

/// <summary>What alignment guidance, the learnable tokens and their maps, learns from.</summary>
public enum GuidanceTraining
{
    /// <summary>L_sim of a pair's images and its text (eq. 12).</summary>
    Paper,
    /// <summary>Nothing: it stays as it began, at random.</summary>
    Frozen,
    /// <summary>L_sim of a pair's images and another pair's text.</summary>
    ShuffledTexts,
    /// <summary>Telling a pair's text from the batch's others.</summary>
    Negatives,
}

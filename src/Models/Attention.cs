using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Scaled dot-product attention over heads.</summary>
internal static class ScaledDotProduct
{
    /// <summary>softmax(Q Kᵀ/√d_h + bias) V, all <c>[B, h, N, d_h]</c>; the bias broadcasts to <c>[B, h, N, N]</c>.</summary>
    /// <param name="query">Q.</param>
    /// <param name="key">K.</param>
    /// <param name="value">V.</param>
    /// <param name="bias">What is added to the scores.</param>
    /// <param name="headWidth">d_h of the scale where it is not that of the tensors: heads that lost dimensions keep the scale they were trained with.</param>
    public static SelfAttentionRecord Attend(Tensor query, Tensor key, Tensor value, Tensor? bias, long? headWidth = null)
    {
        var scores = MixedPrecision.Product(query * (1 / Math.Sqrt(headWidth ?? query.shape[^1])), key.transpose(-2, -1)); // [B, h, N, N]
        var probabilities = (bias is null ? scores : scores + bias).softmax(-1);
        return new SelfAttentionRecord(probabilities, MixedPrecision.Product(probabilities, value), key);
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, h, N, D/h]</c>.</summary>
    public static Tensor SplitHeads(Tensor tokens, int heads) =>
        tokens.view(tokens.shape[0], tokens.shape[1], heads, tokens.shape[2] / heads).transpose(1, 2);

    /// <summary><c>[B, h, N, d_h]</c> to <c>[B, N, h·d_h]</c>.</summary>
    public static Tensor JoinHeads(Tensor perHead) =>
        perHead.transpose(1, 2).reshape(perHead.shape[0], perHead.shape[2], perHead.shape[1] * perHead.shape[3]);
}

/// <summary>The width of one attention head.</summary>
internal static class HeadWidth
{
    /// <summary>d_h of <paramref name="heads"/> heads of <paramref name="width"/> together.</summary>
    /// <exception cref="ArgumentException">The width does not divide by the heads, or nothing is left of them.</exception>
    public static int Of(int width, int heads) => width >= heads && width % heads == 0
        ? width / heads
        : throw new ArgumentException($"width {width} does not divide by {heads} heads", nameof(heads));
}

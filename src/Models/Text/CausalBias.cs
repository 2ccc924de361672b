using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>What a text decoder adds to its attention scores: a token reads itself and earlier ones, none of them padding.</summary>
internal static class CausalBias
{
    /// <summary>
    /// −10000 where a token may not look, 0 elsewhere, as BERT writes it. <c>[B or 1, 1, n, N]</c>
    /// </summary>
    /// <param name="rows">n, the number of tokens that look: the last ones.</param>
    /// <param name="length">N, the number of tokens in all.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>; null when all are real.</param>
    /// <param name="like">A tensor of the element type and device that the bias is to have.</param>
    public static Tensor? Of(long rows, long length, Tensor? mask, Tensor like)
    {
        if (rows == 1 && mask is null)
        {
            return null; // the last token reads all
        }

        var earlier = ones([rows, length], dtype: like.dtype, device: like.device).tril(length - rows).unsqueeze(0).unsqueeze(0); // [1, 1, n, N]
        var allowed = mask is null ? earlier : earlier * mask.to(like.dtype).unsqueeze(1).unsqueeze(1);
        return (1 - allowed) * -10000.0;
    }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>The bias that keeps CLIP's text tokens from looking ahead.</summary>
internal static class CausalAttention
{
    /// <summary>
    /// −∞ on later rows, plus what the tokens themselves ask for. Where padding is told apart, the end-of-text row sees
    /// every real token: all that stand behind it are merged ones, which nobody could read otherwise.
    /// </summary>
    /// <returns><c>[N, N]</c> or <c>[B, 1, N, N]</c>.</returns>
    public static Tensor Bias(TokenState tokens)
    {
        var (length, device) = (tokens.Length, tokens.X.device);
        var later = ones([length, length], dtype: @bool, device: device).triu(1); // [N, N]
        if (tokens.Mask is not null && tokens.EndOfText is not null)
        {
            var others = arange(length, dtype: int64, device: device).unsqueeze(0) != tokens.EndOfText.unsqueeze(1); // [B, N]
            later = later.unsqueeze(0).logical_and(others.unsqueeze(2)).unsqueeze(1); // [B, 1, N, N]
        }

        var causal = zeros(later.shape, dtype: tokens.X.dtype, device: device).masked_fill(later, float.NegativeInfinity);
        return tokens.AttentionBias() is { } own ? causal + own : causal;
    }
}

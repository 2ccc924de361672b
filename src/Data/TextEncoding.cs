using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>How texts of a data set become what a model reads.</summary>
/// <param name="Tokens">A text's token ids, those that begin and end it included.</param>
/// <param name="PaddingId">What fills short texts up.</param>
/// <param name="Width">Tokens that every text is filled up to, for a reduction that counts padding; the longest text's of each
/// batch if null.</param>
public sealed record TextEncoding(Func<string, int[]> Tokens, int PaddingId = 0, int? Width = null)
{
    /// <summary>Ids (int64) and mask of some encoded texts, each <c>[B, N]</c>.</summary>
    internal static (Tensor Ids, Tensor Mask) Batch(IReadOnlyList<int[]> texts, int paddingId, int? width, Device? device)
    {
        var padded = TokenBatch.Pad(texts, paddingId, width);
        return (
            tensor(padded.Ids, [padded.Count, padded.Length], device: device),
            tensor(padded.AttentionMask, [padded.Count, padded.Length], dtype: float32, device: device));
    }
}

/// <summary>Where tensors of a batch are put.</summary>
internal static class Placement
{
    /// <summary>The tensor on a device; where it is if none is given.</summary>
    public static Tensor On(this Tensor tensor, Device? device) => device is null ? tensor : tensor.to(device);

    /// <summary>The device that a module computes on.</summary>
    public static Device DeviceOf(nn.Module module) => module.parameters().First().device;
}

using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>How texts of a data set become what a model reads.</summary>
/// <param name="Tokens">A text's token ids, those that begin and end it included.</param>
/// <param name="PaddingId">What fills short texts up.</param>
/// <param name="Width">Tokens that every text is filled up to, for a reduction that counts padding; the longest text's of each
/// batch if null.</param>
public sealed record TextEncoding(Func<string, int[]> Tokens, int PaddingId = 0, int? Width = null)
{
    /// <summary>Ids (int64) and mask (1 for a token, 0 for padding) of some encoded texts, each <c>[B, N]</c>.</summary>
    /// <exception cref="ArgumentException">A text is longer than the width.</exception>
    internal static (Tensor Ids, Tensor Mask) Batch(
        IReadOnlyList<int[]> texts, int paddingId, int? width = null, Device? device = null)
    {
        var columns = width ?? texts.Select(text => text.Length).DefaultIfEmpty(0).Max();
        var ids = new long[texts.Count * columns];
        var mask = new float[ids.Length];
        Array.Fill(ids, paddingId);
        foreach (var (row, text) in texts.Index())
        {
            Guard.Argument(text.Length <= columns,
                $"text {row} has {text.Length} tokens, more than the {columns} it is to be padded to");
            Array.ConvertAll(text, id => (long)id).CopyTo(ids, row * columns);
            Array.Fill(mask, 1, row * columns, text.Length);
        }

        return (tensor(ids, [texts.Count, columns], device: device), tensor(mask, [texts.Count, columns], device: device));
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

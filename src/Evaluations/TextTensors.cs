using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>Texts as a model takes them.</summary>
/// <param name="Ids">Token ids, padded, <c>[B, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
internal sealed record TextTensors(Tensor Ids, Tensor Mask)
{
    /// <summary>Tokens of each text, padding left out.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Pads texts at the end.</summary>
    /// <param name="texts">Each text's ids.</param>
    /// <param name="paddingId">What fills up.</param>
    /// <param name="device">Where to.</param>
    /// <param name="width">N; the longest text's length if null.</param>
    public static TextTensors Of(IReadOnlyList<int[]> texts, int paddingId, Device device, int? width = null)
    {
        var batch = TokenBatch.Pad(texts, paddingId, width);
        return new TextTensors(
            tensor(batch.Ids, [batch.Count, batch.Length], device: device),
            tensor(batch.AttentionMask, [batch.Count, batch.Length], dtype: float32, device: device))
        {
            Lengths = [.. texts.Select(text => text.Length)],
        };
    }
}

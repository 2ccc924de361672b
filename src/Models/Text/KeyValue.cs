using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Keys and values of one attention, each <c>[B, h, S, d_h]</c>.</summary>
public sealed record KeyValue(Tensor Key, Tensor Value);

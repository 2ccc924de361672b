using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>What a self-attention layer shows to whoever scores tokens. Only made when a reducer is attached.</summary>
/// <param name="Probabilities">Attention of each head, query and key, <c>[B, h, N, N]</c>.</param>
/// <param name="HeadOutput">Output of each head before the projection, <c>[B, h, N, d_h]</c>.</param>
/// <param name="Keys">Keys of each head, <c>[B, h, N, d_h]</c>.</param>
public sealed record SelfAttentionRecord(Tensor Probabilities, Tensor HeadOutput, Tensor Keys);

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>What BLIP answers to a batch of NLVR2 statements.</summary>
/// <param name="Logits">Scores of false and true, <c>[B, 2]</c>.</param>
/// <param name="Vision">Final image tokens, <c>[2B, S, D_v]</c>.</param>
/// <param name="Text">Final text tokens, <c>[B, N, D]</c>.</param>
/// <param name="AlignmentLoss">L_sim (eq. 12), a scalar; null where nothing was aligned.</param>
public sealed record NlvrOutput(Tensor Logits, TokenState Vision, TokenState Text, Tensor? AlignmentLoss);

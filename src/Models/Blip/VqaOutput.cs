using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>What BLIP makes of questions beside their answers in training.</summary>
/// <param name="Loss">Weighted cross-entropy of the answers, summed over words, mean over the questions; a scalar.</param>
/// <param name="Logits">Scores of the word after each token of each answer, <c>[A, N, V]</c>.</param>
/// <param name="Encoding">The questions as read.</param>
/// <param name="AlignmentLoss">L_sim (eq. 12), a scalar; null where nothing was aligned.</param>
public sealed record VqaOutput(Tensor Loss, Tensor Logits, VqaEncoding Encoding, Tensor? AlignmentLoss);

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>The answers among which questions are answered (VQA v2: 3,128 of them).</summary>
/// <param name="Ids">Answer tokens with [DEC] first and [SEP] last, <c>[A, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[A, N]</c>.</param>
public sealed record AnswerCandidates(Tensor Ids, Tensor Mask)
{
    /// <summary>The same on a device.</summary>
    public AnswerCandidates To(Device device) => new(Ids.to(device), Mask.to(device));
}

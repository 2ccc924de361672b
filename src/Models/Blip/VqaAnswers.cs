using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Answers that a batch of questions is trained on; a question may have several.</summary>
/// <param name="Ids">Answer tokens with [DEC] first, <c>[A, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[A, N]</c>.</param>
/// <param name="Weights">How much each counts: the share of people who gave it, <c>[A]</c>.</param>
/// <param name="QuestionOf">The question that each answers, <c>[A]</c> int64.</param>
public sealed record VqaAnswers(Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf);

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>What BLIP makes of images beside their captions in training.</summary>
/// <param name="Logits">Scores of the word after each token, <c>[B, N, V]</c>.</param>
/// <param name="Loss">Mean cross-entropy, labels smoothed, of the words after the prompt; a scalar.</param>
/// <param name="Vision">Final image tokens, <c>[B, S, D_v]</c>.</param>
public sealed record CaptionOutput(Tensor Logits, Tensor Loss, TokenState Vision);

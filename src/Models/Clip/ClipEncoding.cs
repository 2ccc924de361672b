using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>What a CLIP encoder makes of a batch.</summary>
/// <param name="Feature">Features in the joint space, before normalisation, <c>[B, E]</c>.</param>
/// <param name="Tokens">Tokens of the last block, <c>[B, N', D]</c>.</param>
public sealed record ClipEncoding(Tensor Feature, TokenState Tokens);

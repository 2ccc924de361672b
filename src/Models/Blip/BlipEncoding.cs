using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>What a BLIP encoder makes of a batch of images or texts.</summary>
/// <param name="Feature">Features in the joint space, of length 1, <c>[B, E]</c>.</param>
/// <param name="Tokens">Final tokens, <c>[B, N', D]</c>.</param>
public sealed record BlipEncoding(Tensor Feature, TokenState Tokens);

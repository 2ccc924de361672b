using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>Images and captions in the joint space, all of length 1.</summary>
/// <param name="Images">The images' features, <c>[B, E]</c>.</param>
/// <param name="Texts">The captions' features, <c>[T, E]</c>.</param>
/// <param name="ImageTokens">Tokens that leave the image encoder, of each image.</param>
internal sealed record PairFeatures(Tensor Images, Tensor Texts, IReadOnlyList<int> ImageTokens);

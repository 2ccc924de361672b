using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Image tokens that a text attends to.</summary>
/// <param name="Tokens">Image tokens, <c>[B, S, D_v]</c>.</param>
/// <param name="Mask">1 for real tokens, 0 for padding, <c>[B, S]</c>; null when all are real.</param>
public sealed record ImageContext(Tensor Tokens, Tensor? Mask = null)
{
    /// <summary>The context made of an encoder's final tokens.</summary>
    public static ImageContext Of(TokenState tokens) => new(tokens.X, tokens.Mask);

    /// <summary>Additive bias on the image keys, <c>[B, 1, 1, S]</c>, or null.</summary>
    public Tensor? AttentionBias() => Mask is null ? null : TokenState.AdditiveMask(Mask);
}

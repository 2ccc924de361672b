using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Image tokens that a text attends to.</summary>
/// <param name="Tokens">Image tokens, <c>[B, S, D_v]</c>.</param>
/// <param name="Mask">1 for real tokens, 0 for padding, <c>[B, S]</c>; null when all are real.</param>
public sealed record ImageContext(Tensor Tokens, Tensor? Mask = null)
{
    /// <summary>
    /// Keys and values of each text layer's cross-attention, made by <see cref="TextTransformer.Project"/> where one image
    /// serves several passes; null projects the tokens in every pass. With a batch of b they serve B texts, each image a run of B / b.
    /// </summary>
    public IReadOnlyList<KeyValue>? PerLayer { get; init; }

    /// <summary>Keys and values for the layer that reads, or null.</summary>
    internal KeyValue? KeyValue { get; init; }

    /// <summary>The context as one layer reads it.</summary>
    internal ImageContext At(int layer) => PerLayer is null ? this : this with { KeyValue = PerLayer[layer] };

    /// <summary>The context made of an encoder's final tokens.</summary>
    public static ImageContext Of(TokenState tokens) => new(tokens.X, tokens.Mask);

    /// <summary>Additive bias on the image keys, <c>[B, 1, 1, S]</c>, or null.</summary>
    public Tensor? AttentionBias() => Mask is null ? null : TokenState.AdditiveMask(Mask);
}

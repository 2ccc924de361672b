using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Keys and values of one attention, each <c>[B, h, S, d_h]</c>.</summary>
public sealed record KeyValue(Tensor Key, Tensor Value);

/// <summary>Image tokens that a text attends to.</summary>
/// <param name="Tokens">Image tokens, <c>[B, S, D_v]</c>.</param>
/// <param name="Mask">1 for real tokens, 0 for padding, <c>[B, S]</c>; null when all are real.</param>
public sealed record ImageContext(Tensor Tokens, Tensor? Mask = null)
{
    /// <summary>Keys and values of each text layer's cross-attention, made by <see cref="TextTransformer.Project"/> where one
    /// image serves several passes; null projects the tokens in every pass. Of a batch of b each serves B / b texts.</summary>
    public IReadOnlyList<KeyValue>? PerLayer { get; init; }

    // Those for the layer that reads.
    internal KeyValue? KeyValue { get; init; }

    /// <summary>Additive bias on the image keys where it is known already, <c>[B, 1, 1, S]</c>.</summary>
    internal Tensor? Bias { get; init; }

    /// <summary>The context as one layer reads it.</summary>
    internal ImageContext At(int layer) => PerLayer is null ? this : this with { KeyValue = PerLayer[layer] };

    /// <summary>An encoder's final tokens.</summary>
    public static ImageContext Of(TokenState tokens) => new(tokens.X, tokens.Mask);

    /// <summary>Additive bias on the image keys, <c>[B, 1, 1, S]</c>, or null.</summary>
    public Tensor? AttentionBias() => Bias ?? (Mask is null ? null : TokenState.AdditiveMask(Mask));
}

/// <summary>How a text layer reads images: one (MED) or two (NLVR2).</summary>
public abstract class CrossAttention : Part
{
    /// <summary>Attends from text <c>[B, N, D]</c> to the images and returns <c>[B, N, D]</c> after residual and norm.</summary>
    /// <exception cref="ArgumentException">There are not as many images as are read.</exception>
    public abstract Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images);

    /// <summary>Keys and values of image tokens <c>[B, S, D_v]</c>, to be computed once where they serve several texts.</summary>
    /// <exception cref="InvalidOperationException">The layer reads pairs.</exception>
    public virtual KeyValue Project(Tensor imageTokens) =>
        throw new InvalidOperationException(
            "this layer reads pairs of images; only the cross-attention to one image can be projected ahead");
}

/// <summary>MED's cross-attention to one image.</summary>
public sealed class SingleCrossAttention(BertConfig config) : CrossAttention
{
    private readonly BertAttention self = new(config, config.EncoderWidth);
    private readonly BertOutput output = new(config, config.Width);

    public override KeyValue Project(Tensor imageTokens) => self.Project(imageTokens);

    public override Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        Guard.Argument(images.Count == 1, $"this text encoder reads one image, not {images.Count}", nameof(images));
        var keyValue = images[0].KeyValue ?? self.Project(images[0].Tokens);
        return output.forward(Read(tokens, keyValue, images[0].AttentionBias()), tokens);
    }

    // Texts that share an image are read as one long sequence of queries, so that its keys and values are never copied.
    private Tensor Read(Tensor tokens, KeyValue keyValue, Tensor? bias)
    {
        var images = keyValue.Key.shape[0];
        Guard.Argument(tokens.shape[0] % images == 0,
            $"{tokens.shape[0]} texts cannot share {images} images evenly; there must be one image a text, or one for each "
            + $"run of texts", nameof(keyValue));
        var queries = tokens.reshape(images, -1, tokens.shape[2]);
        return MultiHeadAttention.JoinHeads(self.Attend(queries, keyValue, bias)).reshape(tokens.shape[0], tokens.shape[1], -1);
    }
}

/// <summary>NLVR2's cross-attention to a pair of images: one attention each, then a mean or, in later layers, a learned
/// merge.</summary>
/// <param name="merges">Whether it joins its two readings by a learned map instead of their mean.</param>
public sealed class PairCrossAttention(BertConfig config, bool merges) : CrossAttention
{
    private readonly BertAttention self0 = new(config, config.EncoderWidth);
    private readonly BertAttention self1 = new(config, config.EncoderWidth);
    private readonly PairOutput output = new(config, merges);

    /// <summary>Told where the text looks in the left and in the right image, each <c>[B, h, N, S]</c>, for lessons.</summary>
    public Action<Tensor, Tensor>? Looks { get; set; }

    public override Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        Guard.Argument(images.Count == 2, $"the NLVR2 text encoder reads two images, not {images.Count}", nameof(images));
        var (left, right) = (Read(self0, tokens, images[0]), Read(self1, tokens, images[1]));
        Looks?.Invoke(left.Probabilities, right.Probabilities);
        return output.forward(MultiHeadAttention.JoinHeads(left), MultiHeadAttention.JoinHeads(right), tokens);
    }

    private static SelfAttentionRecord Read(BertAttention attention, Tensor tokens, ImageContext image) =>
        attention.Attend(tokens, attention.Project(image.Tokens), image.AttentionBias());
}

/// <summary>Joins what the text read in two images: a projection each, mean or learned merge, residual, LayerNorm.</summary>
public sealed class PairOutput(BertConfig config, bool merges) : Part
{
    private readonly Linear dense0 = nn.Linear(config.Width, config.Width);
    private readonly Linear dense1 = nn.Linear(config.Width, config.Width);
    private readonly Linear? merge_layer = merges ? nn.Linear(2 * config.Width, config.Width) : null;
    private readonly LayerNorm LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
    private readonly SampleDropout dropout = new(config.Dropout);

    /// <summary>Left and right readings and the residual, each <c>[B, N, D]</c>, to <c>[B, N, D]</c>.</summary>
    public Tensor forward(Tensor left, Tensor right, Tensor residual)
    {
        var (first, second) = (Products.Linear(dense0, left), Products.Linear(dense1, right));
        var joined = merge_layer is null ? (first + second) / 2 : Products.Linear(merge_layer, cat([first, second], -1));
        return LayerNorm.forward(Products.Add(dropout.forward(joined), residual));
    }
}

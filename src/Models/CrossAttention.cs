using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

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

/// <summary>Keys and values of one attention, each <c>[B, h, S, d_h]</c>.</summary>
public sealed record KeyValue(Tensor Key, Tensor Value);

/// <summary>How a text layer reads images: one image (MED) or two (NLVR2).</summary>
public interface ICrossAttention
{
    /// <summary>Attends from text <c>[B, N, D]</c> to the images and returns <c>[B, N, D]</c> after residual and LayerNorm.</summary>
    Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images);

    /// <summary>Its widths as pruning sees them, one for each image.</summary>
    /// <param name="name">Its name in the model, which begins the names of its tensors.</param>
    /// <param name="layer">Number of its layer.</param>
    IEnumerable<PrunableWidth> PrunableWidths(string name, int layer);
}

/// <summary>MED's cross-attention to one image.</summary>
public sealed class CrossAttention : nn.Module, ICrossAttention
{
    private readonly BertAttentionCore self;
    private readonly BertAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="widths">Inner widths of a layer that parameters were taken out of.</param>
    public CrossAttention(BertConfig config, LayerWidths? widths = null) : base(nameof(CrossAttention))
    {
        self = new BertAttentionCore(config, config.EncoderWidth, widths?.CrossTo(0));
        output = new BertAttentionOutput(config, widths?.CrossTo(0) ?? config.Width);
        RegisterComponents();
    }

    /// <summary>Keys and values of image tokens <c>[B, S, D_v]</c>, to be computed once where they serve several texts.</summary>
    public KeyValue Project(Tensor imageTokens) => self.Project(imageTokens);

    /// <inheritdoc/>
    public IEnumerable<PrunableWidth> PrunableWidths(string name, int layer) =>
        [self.PrunableWidth($"{name}.self", PrunableKind.CrossAttention, layer, $"{name}.output.dense")];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is not exactly one image.</exception>
    public Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        if (images.Count != 1)
        {
            throw new ArgumentException($"this text encoder reads one image, not {images.Count}", nameof(images));
        }

        var keyValue = images[0].KeyValue ?? self.Project(images[0].Tokens);
        return output.forward(Read(tokens, keyValue, images[0].AttentionBias()), tokens);
    }

    // Texts that share an image are read as one long sequence of queries, so that its keys and values are never copied.
    private Tensor Read(Tensor tokens, KeyValue keyValue, Tensor? bias)
    {
        var images = keyValue.Key.shape[0];
        if (tokens.shape[0] % images != 0)
        {
            throw new ArgumentException($"{tokens.shape[0]} texts cannot share {images} images evenly; there must be one image a text, or one for each run of texts", nameof(keyValue));
        }

        var queries = tokens.reshape(images, -1, tokens.shape[2]);
        return ScaledDotProduct.JoinHeads(self.Attend(queries, keyValue, bias).HeadOutput).reshape(tokens.shape[0], tokens.shape[1], -1);
    }
}

/// <summary>NLVR2's cross-attention to a pair of images: one attention each, then a mean or, in later layers, a learned merge.</summary>
public sealed class TwinCrossAttention : nn.Module, ICrossAttention
{
    private readonly BertAttentionCore self0;
    private readonly BertAttentionCore self1;
    private readonly TwinAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="merges">Whether it joins its two readings by a learned map instead of their mean.</param>
    /// <param name="widths">Inner widths of a layer that parameters were taken out of.</param>
    public TwinCrossAttention(BertConfig config, bool merges, LayerWidths? widths = null) : base(nameof(TwinCrossAttention))
    {
        self0 = new BertAttentionCore(config, config.EncoderWidth, widths?.CrossTo(0));
        self1 = new BertAttentionCore(config, config.EncoderWidth, widths?.CrossTo(1));
        output = new TwinAttentionOutput(config, merges, widths);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IEnumerable<PrunableWidth> PrunableWidths(string name, int layer) =>
    [
        self0.PrunableWidth($"{name}.self0", PrunableKind.CrossAttention, layer, $"{name}.output.dense0"),
        self1.PrunableWidth($"{name}.self1", PrunableKind.CrossAttention, layer, $"{name}.output.dense1", source: 1),
    ];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are not exactly two images.</exception>
    public Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        if (images.Count != 2)
        {
            throw new ArgumentException($"the NLVR2 text encoder reads two images, not {images.Count}", nameof(images));
        }

        var left = Read(self0, tokens, images[0]);
        var right = Read(self1, tokens, images[1]);
        return output.forward(left, right, tokens);
    }

    private static Tensor Read(BertAttentionCore attention, Tensor tokens, ImageContext image) =>
        ScaledDotProduct.JoinHeads(attention.Attend(tokens, attention.Project(image.Tokens), image.AttentionBias()).HeadOutput);
}

/// <summary>Joins what the text read in two images: a projection each, their mean or a learned merge, residual, LayerNorm.</summary>
public sealed class TwinAttentionOutput : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Linear dense0;
    private readonly Linear dense1;
    private readonly Linear? merge_layer;
    private readonly LayerNorm LayerNorm;
    private readonly Dropout dropout;

    /// <summary>Creates the layer; with <paramref name="merges"/> it has the learned merge.</summary>
    public TwinAttentionOutput(BertConfig config, bool merges, LayerWidths? widths = null) : base(nameof(TwinAttentionOutput))
    {
        dense0 = nn.Linear(widths?.CrossTo(0) ?? config.Width, config.Width);
        dense1 = nn.Linear(widths?.CrossTo(1) ?? config.Width, config.Width);
        merge_layer = merges ? nn.Linear(2 * config.Width, config.Width) : null;
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        dropout = nn.Dropout(config.Dropout);
        RegisterComponents();
    }

    /// <summary>Left and right readings and the residual, each <c>[B, N, D]</c>, to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor left, Tensor right, Tensor residual)
    {
        var (first, second) = (MixedPrecision.Linear(dense0, left), MixedPrecision.Linear(dense1, right));
        var joined = merge_layer is null ? (first + second) / 2 : MixedPrecision.Linear(merge_layer, cat([first, second], -1));
        return LayerNorm.forward(dropout.forward(joined) + residual);
    }
}

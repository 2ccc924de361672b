using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>BLIP's text transformer: BERT embeddings and layers that can read images. Parameter names are those of its checkpoints.</summary>
public sealed class TextTransformer : nn.Module
{
    private readonly BertEmbeddings embeddings;
    private readonly BertEncoder encoder;

    private TextTransformer(BertConfig config, IEnumerable<BertLayer> layers) : base(nameof(TextTransformer))
    {
        Config = config;
        embeddings = new BertEmbeddings(config);
        encoder = new BertEncoder(layers, config.Dropout);
        RegisterComponents();
        BertInitialization.Apply(this);
    }

    /// <summary>The encoder's sizes.</summary>
    public BertConfig Config { get; }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<BertLayer> Layers => encoder.Layers;

    /// <summary>The text encoder of NLVR2, whose layers read a pair of images.</summary>
    public static TextTransformer Nlvr(BertConfig config, AlignmentConfig? alignment = null)
    {
        var maps = AlignmentMaps.Create(alignment, config.Width, config.Layers);
        return new(config, Enumerable.Range(0, config.Layers).Select(layer => BertLayer.Nlvr(config, layer, maps[layer])));
    }

    /// <summary>MED, whose layers read one image.</summary>
    public static TextTransformer Med(BertConfig config, AlignmentConfig? alignment = null)
    {
        var maps = AlignmentMaps.Create(alignment, config.Width, config.Layers);
        return new(config, Enumerable.Range(0, config.Layers).Select(layer => BertLayer.Med(config, maps[layer], layer)));
    }

    /// <summary>
    /// Computes the keys and values that every layer needs of an image, so that many passes can share them. Exact.
    /// </summary>
    /// <exception cref="InvalidOperationException">This is the text encoder of NLVR2, which reads pairs.</exception>
    public ImageContext Project(ImageContext image) => image with { PerLayer = [.. Layers.Select(layer => layer.Project(image.Tokens))] };

    /// <summary>Every inner width that can be pruned.</summary>
    /// <param name="name">The encoder's name in its model.</param>
    public IEnumerable<PrunableWidth> PrunableWidths(string name) =>
        Layers.SelectMany((layer, index) => layer.PrunableWidths($"{name}.encoder.layer.{index}", index));

    /// <summary>The word table, <c>[V, D]</c>, which a language-model head shares.</summary>
    public Parameter WordTable => embeddings.WordTable;

    /// <summary>
    /// Runs the layers as a decoder: every token reads itself, earlier tokens, and the image. Tokens are never reduced.
    /// </summary>
    /// <param name="ids">New tokens, <c>[B, n]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, n]</c>; null when all are real, as they must be where a cache goes on.</param>
    /// <param name="image">What is read: one a text, or one for each run of B / b texts.</param>
    /// <param name="cache">What earlier steps computed; gets the new tokens added. Null where all tokens are new.</param>
    /// <returns>Hidden states of the last layer, <c>[B, n, D]</c>.</returns>
    /// <exception cref="ArgumentException">A mask was given beside a cache that goes on, or the text is too long.</exception>
    public Tensor Decode(Tensor ids, Tensor? mask, ImageContext image, DecoderCache? cache)
    {
        var before = cache?.Length ?? 0;
        if (mask is not null && before > 0)
        {
            throw new ArgumentException("a mask covers whole texts; where a cache goes on with new tokens none of them is padding", nameof(mask));
        }

        var hidden = embeddings.Embed(ids, before); // [B, n, D]
        return encoder.Decode(hidden, CausalBias.Of(ids.shape[1], before + ids.shape[1], mask, hidden), image, cache);
    }

    /// <summary>
    /// Encodes a text.
    /// </summary>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <param name="images">Images to read; empty encodes the text alone.</param>
    /// <returns>Hidden states of the last layer, <c>[B, N', D]</c>.</returns>
    public TokenState Forward(Tensor ids, Tensor mask, IReadOnlyList<ImageContext> images)
    {
        var hidden = embeddings.forward(ids); // [B, N, D]
        return encoder.Forward(new TokenState(hidden) { Mask = mask.to(hidden.dtype) }, images);
    }
}

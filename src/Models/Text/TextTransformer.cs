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
        encoder = new BertEncoder(layers);
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

using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

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

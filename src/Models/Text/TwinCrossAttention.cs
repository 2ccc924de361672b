using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

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

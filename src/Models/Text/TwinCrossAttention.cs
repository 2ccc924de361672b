using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>NLVR2's cross-attention to a pair of images: one attention each, then a mean or, in later layers, a learned merge.</summary>
public sealed class TwinCrossAttention : nn.Module, ICrossAttention
{
    private readonly BertAttentionCore self0;
    private readonly BertAttentionCore self1;
    private readonly TwinAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    public TwinCrossAttention(BertConfig config, bool merges) : base(nameof(TwinCrossAttention))
    {
        self0 = new BertAttentionCore(config, config.EncoderWidth);
        self1 = new BertAttentionCore(config, config.EncoderWidth);
        output = new TwinAttentionOutput(config, merges);
        RegisterComponents();
    }

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

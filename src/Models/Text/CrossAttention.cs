using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>MED's cross-attention to one image.</summary>
public sealed class CrossAttention : nn.Module, ICrossAttention
{
    private readonly BertAttentionCore self;
    private readonly BertAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    public CrossAttention(BertConfig config) : base(nameof(CrossAttention))
    {
        self = new BertAttentionCore(config, config.EncoderWidth);
        output = new BertAttentionOutput(config, config.Width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is not exactly one image.</exception>
    public Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        if (images.Count != 1)
        {
            throw new ArgumentException($"this text encoder reads one image, not {images.Count}", nameof(images));
        }

        var record = self.Attend(tokens, self.Project(images[0].Tokens), images[0].AttentionBias());
        return output.forward(ScaledDotProduct.JoinHeads(record.HeadOutput), tokens);
    }
}

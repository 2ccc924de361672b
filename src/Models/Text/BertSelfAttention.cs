using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Self-attention of a BERT layer with its residual and LayerNorm (<c>attention</c> in the checkpoints).</summary>
public sealed class BertSelfAttention : nn.Module
{
    private readonly BertAttentionCore self;
    private readonly BertAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    public BertSelfAttention(BertConfig config) : base(nameof(BertSelfAttention))
    {
        self = new BertAttentionCore(config, config.Width);
        output = new BertAttentionOutput(config, config.Width);
        RegisterComponents();
    }

    /// <summary>Attends within <c>[B, N, D]</c>; the bias broadcasts to <c>[B, h, N, N]</c>.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var record = self.Attend(tokens, self.Project(tokens), bias);
        return (output.forward(ScaledDotProduct.JoinHeads(record.HeadOutput), tokens), record);
    }
}

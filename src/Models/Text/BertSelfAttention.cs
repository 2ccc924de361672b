using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Self-attention of a BERT layer with its residual and LayerNorm (<c>attention</c> in the checkpoints).</summary>
public sealed class BertSelfAttention : nn.Module
{
    private readonly BertAttentionCore self;
    private readonly BertAttentionOutput output;

    /// <summary>Creates the layer.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="innerWidth">Width of queries, keys and values where it is not D.</param>
    public BertSelfAttention(BertConfig config, int? innerWidth = null) : base(nameof(BertSelfAttention))
    {
        self = new BertAttentionCore(config, config.Width, innerWidth);
        output = new BertAttentionOutput(config, innerWidth ?? config.Width);
        RegisterComponents();
    }

    /// <summary>The attention's width as pruning sees it.</summary>
    internal PrunableWidth PrunableWidth(string name, int layer) =>
        self.PrunableWidth($"{name}.self", PrunableKind.SelfAttention, layer, $"{name}.output.dense");

    /// <summary>Attends within <c>[B, N, D]</c>; the bias broadcasts to <c>[B, h, N, N]</c>.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var record = self.Attend(tokens, self.Project(tokens), bias);
        return (output.forward(ScaledDotProduct.JoinHeads(record.HeadOutput), tokens), record);
    }

    /// <summary>Attends causally from new tokens <c>[B, n, D]</c> to them and to earlier ones, whose keys and values <paramref name="cache"/> may hold.</summary>
    /// <param name="tokens">The new tokens.</param>
    /// <param name="bias">What their scores get added, <c>[B, 1, n, N]</c>; null adds nothing.</param>
    /// <param name="cache">Where earlier keys and values are and new ones go; null where all tokens are new.</param>
    /// <param name="layer">The layer's number in the cache.</param>
    public Tensor Decode(Tensor tokens, Tensor? bias, DecoderCache? cache, int layer)
    {
        var newest = self.Project(tokens);
        var record = self.Attend(tokens, cache?.Append(layer, newest) ?? newest, bias);
        return output.forward(ScaledDotProduct.JoinHeads(record.HeadOutput), tokens);
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Queries, keys and values of one BERT attention (<c>self</c> in its checkpoints), for self- or cross-attention.</summary>
public sealed class BertAttentionCore : nn.Module
{
    private readonly Linear query;
    private readonly Linear key;
    private readonly Linear value;
    private readonly int heads;

    /// <summary>Creates the three projections.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="keyWidth">Width of the tokens that keys and values are made of: D, or the image encoder's width.</param>
    /// <exception cref="ArgumentException">The width does not divide by the heads.</exception>
    public BertAttentionCore(BertConfig config, int keyWidth) : base(nameof(BertAttentionCore))
    {
        if (config.Width % config.Heads != 0)
        {
            throw new ArgumentException($"width {config.Width} does not divide by {config.Heads} heads", nameof(config));
        }

        heads = config.Heads;
        query = nn.Linear(config.Width, config.Width);
        key = nn.Linear(keyWidth, config.Width);
        value = nn.Linear(keyWidth, config.Width);
        RegisterComponents();
    }

    /// <summary>Keys and values <c>[B, h, S, d_h]</c> of tokens <c>[B, S, keyWidth]</c>; computed once where they serve many queries.</summary>
    public KeyValue Project(Tensor tokens) =>
        new(ScaledDotProduct.SplitHeads(key.forward(tokens), heads), ScaledDotProduct.SplitHeads(value.forward(tokens), heads));

    /// <summary>Attends from tokens <c>[B, N, D]</c> to projected keys and values; the bias broadcasts to <c>[B, h, N, S]</c>.</summary>
    public SelfAttentionRecord Attend(Tensor tokens, KeyValue keyValue, Tensor? bias) =>
        ScaledDotProduct.Attend(ScaledDotProduct.SplitHeads(query.forward(tokens), heads), keyValue.Key, keyValue.Value, bias);
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Queries, keys and values of one BERT attention (<c>self</c> in its checkpoints), for self- or cross-attention.</summary>
public sealed class BertAttentionCore : nn.Module, IMaskableWidth
{
    private readonly Linear query;
    private readonly Linear key;
    private readonly Linear value;
    private readonly int heads;
    private readonly int fullHeadWidth;
    private readonly int headWidth;

    /// <summary>Creates the three projections.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="keyWidth">Width of the tokens that keys and values are made of: D, or the image encoder's width.</param>
    /// <param name="innerWidth">Width of queries, keys and values where it is not D: heads that lost dimensions.</param>
    /// <exception cref="ArgumentException">A width does not divide by the heads.</exception>
    public BertAttentionCore(BertConfig config, int keyWidth, int? innerWidth = null) : base(nameof(BertAttentionCore))
    {
        heads = config.Heads;
        fullHeadWidth = HeadWidth.Of(config.Width, heads);
        headWidth = HeadWidth.Of(innerWidth ?? config.Width, heads);
        query = nn.Linear(config.Width, heads * headWidth);
        key = nn.Linear(keyWidth, heads * headWidth);
        value = nn.Linear(keyWidth, heads * headWidth);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => headWidth;

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(headWidth, dtype: query.weight.dtype, device: query.weight.device);

    /// <summary>Keys and values <c>[B, h, S, d_h]</c> of tokens <c>[B, S, keyWidth]</c>; computed once where they serve many queries.</summary>
    public KeyValue Project(Tensor tokens) =>
        new(Heads(key, tokens), Heads(value, tokens));

    /// <summary>Attends from tokens <c>[B, N, D]</c> to projected keys and values; the bias broadcasts to <c>[B, h, N, S]</c>.</summary>
    public SelfAttentionRecord Attend(Tensor tokens, KeyValue keyValue, Tensor? bias) =>
        ScaledDotProduct.Attend(Heads(query, tokens), keyValue.Key, keyValue.Value, bias, fullHeadWidth);

    /// <summary>The attention's width as pruning sees it.</summary>
    /// <param name="name">Its name in the model, which begins the names of its tensors.</param>
    /// <param name="kind">What it attends to.</param>
    /// <param name="layer">Number of its layer.</param>
    /// <param name="reader">Name of the projection of its output.</param>
    /// <param name="source">Which of several images it reads.</param>
    internal PrunableWidth PrunableWidth(string name, PrunableKind kind, int layer, string reader, int source = 0) =>
        new(name, kind, ModelTower.Text, layer, this)
        {
            Heads = heads,
            Source = source,
            Rows = [.. new[] { "query", "key", "value" }.SelectMany(part => new[] { $"{name}.{part}.weight", $"{name}.{part}.bias" })],
            Columns = [$"{reader}.weight"],
        };

    private Tensor Heads(Linear projection, Tensor tokens)
    {
        var perHead = ScaledDotProduct.SplitHeads(MixedPrecision.Linear(projection, tokens), heads); // [B, h, N, d_h]
        return WidthMask is null ? perHead : perHead * WidthMask;
    }
}

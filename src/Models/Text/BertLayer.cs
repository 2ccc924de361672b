using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>
/// One BERT layer: self-attention, optional cross-attention to images, feed-forward. Tokens may be reduced after the
/// self-attention's LayerNorm, before cross-attention.
/// </summary>
public sealed class BertLayer : nn.Module, IReducibleBlock
{
    private readonly BertSelfAttention attention;
    private readonly nn.Module? crossattention;
    private readonly BertFeedForward intermediate;
    private readonly BertAttentionOutput output;
    private readonly AlignmentMap? query_model;

    private BertLayer(BertConfig config, nn.Module? cross, AlignmentMap? queryModel, LayerWidths? widths) : base(nameof(BertLayer))
    {
        attention = new BertSelfAttention(config, widths?.Attention);
        crossattention = cross;
        intermediate = new BertFeedForward(config, widths?.Mlp);
        output = new BertAttentionOutput(config, widths?.Mlp ?? config.FeedForwardWidth);
        query_model = queryModel;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

    /// <summary>A layer of the NLVR2 text encoder, reading two images.</summary>
    public static BertLayer Nlvr(BertConfig config, int layer, AlignmentMap? queryModel = null) =>
        new(config, new TwinCrossAttention(config, merges: layer >= config.FirstMergeLayer, config.PrunedWidths?[layer]), queryModel, config.PrunedWidths?[layer]);

    /// <summary>A layer of MED, reading one image where one is given.</summary>
    public static BertLayer Med(BertConfig config, AlignmentMap? queryModel = null, int layer = 0) =>
        new(config, new CrossAttention(config, config.PrunedWidths?[layer]), queryModel, config.PrunedWidths?[layer]);

    /// <summary>The layer's attentions and its feed-forward part as pruning sees them.</summary>
    /// <param name="name">The layer's name in its model, which begins the names of its tensors.</param>
    /// <param name="layer">Its number.</param>
    internal IEnumerable<PrunableWidth> PrunableWidths(string name, int layer) =>
    [
        attention.PrunableWidth($"{name}.attention", layer),
        .. crossattention is ICrossAttention cross ? cross.PrunableWidths($"{name}.crossattention", layer) : [],
        new($"{name}.intermediate", PrunableKind.FeedForward, ModelTower.Text, layer, intermediate)
        {
            Rows = [$"{name}.intermediate.dense.weight", $"{name}.intermediate.dense.bias"],
            Columns = [$"{name}.output.dense.weight"],
        },
    ];

    /// <summary>Keys and values of image tokens <c>[B, S, D_v]</c> for this layer's cross-attention.</summary>
    /// <exception cref="InvalidOperationException">The layer reads image pairs, whose keys and values are not shared.</exception>
    public KeyValue Project(Tensor imageTokens) => crossattention is CrossAttention cross
        ? cross.Project(imageTokens)
        : throw new InvalidOperationException("this layer reads pairs of images; only the cross-attention to one image can be projected ahead");

    /// <summary>
    /// Runs the layer.
    /// </summary>
    /// <param name="input">Text tokens, <c>[B, N, D]</c>.</param>
    /// <param name="images">Images to read; empty runs the text-only layer.</param>
    public TokenState Forward(TokenState input, IReadOnlyList<ImageContext> images)
    {
        var (attended, record) = attention.Attend(input.X, input.AttentionBias());
        var tokens = input with { X = attended };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = Read(tokens.X, images) };
    }

    /// <summary>Runs the layer as one of a decoder: causal, never reduced. New tokens <c>[B, n, D]</c> to <c>[B, n, D]</c>.</summary>
    internal Tensor Decode(Tensor tokens, Tensor? bias, ImageContext image, DecoderCache? cache, int index) =>
        Read(attention.Decode(tokens, bias, cache, index), [image]);

    private Tensor Read(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        var read = images.Count == 0 ? tokens : ((ICrossAttention)crossattention!).Attend(tokens, images);
        return output.forward(intermediate.forward(read), read);
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>One block of a BLIP vision transformer; tokens may be reduced after its attention residual.</summary>
public sealed class VisionBlock : nn.Module<TokenState, TokenState>, IReducibleBlock
{
    private readonly LayerNorm norm1;
    private readonly VisionAttention attn;
    private readonly LayerNorm norm2;
    private readonly VisionFeedForward mlp;
    private readonly AlignmentMap? query_model;
    private readonly double dropPath;

    /// <summary>Creates the block.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="mlpRatio">Width of the feed-forward part over D.</param>
    /// <param name="dropPath">Probability of skipping a residual branch in training.</param>
    /// <param name="queryModel">The block's own alignment map, if it has one.</param>
    /// <param name="widths">Inner widths of a block that parameters were taken out of.</param>
    public VisionBlock(int width, int heads, double mlpRatio, double dropPath = 0, AlignmentMap? queryModel = null, LayerWidths? widths = null) : base(nameof(VisionBlock))
    {
        norm1 = nn.LayerNorm(width, eps: 1e-6);
        attn = new VisionAttention(width, heads, widths?.Attention);
        norm2 = nn.LayerNorm(width, eps: 1e-6);
        mlp = new VisionFeedForward(width, widths?.Mlp ?? (int)(width * mlpRatio));
        query_model = queryModel;
        this.dropPath = dropPath;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

    /// <summary>The block's attention and feed-forward part as pruning sees them.</summary>
    /// <param name="name">The block's name in its model, which begins the names of its tensors.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="heads">Its attention heads.</param>
    internal IEnumerable<PrunableWidth> PrunableWidths(string name, int layer, int heads) =>
    [
        new($"{name}.attn", PrunableKind.SelfAttention, ModelTower.Image, layer, attn)
        {
            Heads = heads,
            Projections = 3,
            Rows = [$"{name}.attn.qkv.weight", $"{name}.attn.qkv.bias"],
            Columns = [$"{name}.attn.proj.weight"],
        },
        new($"{name}.mlp", PrunableKind.FeedForward, ModelTower.Image, layer, mlp)
        {
            Rows = [$"{name}.mlp.fc1.weight", $"{name}.mlp.fc1.bias"],
            Columns = [$"{name}.mlp.fc2.weight"],
        },
    ];

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public override TokenState forward(TokenState input)
    {
        var (attended, record) = attn.Attend(norm1.forward(input.X), input.AttentionBias());
        var tokens = input with { X = input.X + StochasticDepth.DropPath(attended, dropPath, training) };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = tokens.X + StochasticDepth.DropPath(mlp.forward(norm2.forward(tokens.X)), dropPath, training) };
    }
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>One block of either CLIP encoder; tokens may be reduced after its attention residual.</summary>
public sealed class ClipBlock : nn.Module<TokenState, TokenState>, IReducibleBlock
{
    private readonly ClipAttention attn;
    private readonly LayerNorm ln_1;
    private readonly ClipFeedForward mlp;
    private readonly LayerNorm ln_2;
    private readonly AlignmentMap? query_model;
    private readonly bool causal;

    /// <summary>Creates the block.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    /// <param name="causal">Whether a token sees only those before it (text).</param>
    /// <param name="queryModel">The block's own alignment map, if it has one.</param>
    /// <param name="widths">Inner widths of a block that parameters were taken out of.</param>
    public ClipBlock(int width, int heads, int layers, bool causal, AlignmentMap? queryModel = null, LayerWidths? widths = null) : base(nameof(ClipBlock))
    {
        attn = new ClipAttention(width, heads, layers, widths?.Attention);
        ln_1 = nn.LayerNorm(width);
        mlp = new ClipFeedForward(width, layers, widths?.Mlp);
        ln_2 = nn.LayerNorm(width);
        query_model = queryModel;
        this.causal = causal;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

    /// <summary>The block's attention and feed-forward part as pruning sees them.</summary>
    /// <param name="name">The block's name in its model, which begins the names of its tensors.</param>
    /// <param name="tower">The transformer it is in.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="heads">Its attention heads.</param>
    internal IEnumerable<PrunableWidth> PrunableWidths(string name, ModelTower tower, int layer, int heads) =>
    [
        new($"{name}.attn", PrunableKind.SelfAttention, tower, layer, attn)
        {
            Heads = heads,
            Projections = 3,
            Rows = [$"{name}.attn.in_proj_weight", $"{name}.attn.in_proj_bias"],
            Columns = [$"{name}.attn.out_proj.weight"],
        },
        new($"{name}.mlp", PrunableKind.FeedForward, tower, layer, mlp)
        {
            Rows = [$"{name}.mlp.c_fc.weight", $"{name}.mlp.c_fc.bias"],
            Columns = [$"{name}.mlp.c_proj.weight"],
        },
    ];

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public override TokenState forward(TokenState input)
    {
        var bias = causal ? CausalAttention.Bias(input) : input.AttentionBias();
        var (attended, record) = attn.Attend(ln_1.forward(input.X), bias);
        var tokens = input with { X = input.X + attended };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = tokens.X + mlp.forward(ln_2.forward(tokens.X)) };
    }
}

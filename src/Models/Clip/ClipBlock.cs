using Madtp.Kit.Alignment;
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
    public ClipBlock(int width, int heads, int layers, bool causal, AlignmentMap? queryModel = null) : base(nameof(ClipBlock))
    {
        attn = new ClipAttention(width, heads, layers);
        ln_1 = nn.LayerNorm(width);
        mlp = new ClipFeedForward(width, layers);
        ln_2 = nn.LayerNorm(width);
        query_model = queryModel;
        this.causal = causal;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

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

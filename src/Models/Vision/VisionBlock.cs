using Madtp.Kit.Alignment;
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
    public VisionBlock(int width, int heads, double mlpRatio, double dropPath = 0, AlignmentMap? queryModel = null) : base(nameof(VisionBlock))
    {
        norm1 = nn.LayerNorm(width, eps: 1e-6);
        attn = new VisionAttention(width, heads);
        norm2 = nn.LayerNorm(width, eps: 1e-6);
        mlp = new VisionFeedForward(width, (int)(width * mlpRatio));
        query_model = queryModel;
        this.dropPath = dropPath;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public override TokenState forward(TokenState input)
    {
        var (attended, record) = attn.Attend(norm1.forward(input.X), input.AttentionBias());
        var tokens = input with { X = input.X + StochasticDepth.DropPath(attended, dropPath, training) };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = tokens.X + StochasticDepth.DropPath(mlp.forward(norm2.forward(tokens.X)), dropPath, training) };
    }
}

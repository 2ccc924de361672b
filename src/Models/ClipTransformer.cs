using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>The stack of blocks of either CLIP encoder (<c>transformer</c> in the checkpoints).</summary>
public sealed class ClipTransformer : nn.Module<TokenState, TokenState>, IRecomputing
{
    private readonly ModuleList<ClipBlock> resblocks;

    /// <param name="causal">Whether a token sees only those before it (text).</param>
    public ClipTransformer(
        int width, int layers, int heads, bool causal, AlignmentConfig? alignment, ClipActivation activation = default)
        : base(nameof(ClipTransformer))
    {
        var maps = AlignmentMap.ForLayers(alignment, width, layers);
        resblocks = new([.. maps.Select(map => new ClipBlock(width, heads, layers, causal, map, activation))]);
        RegisterComponents();
    }

    public bool Recomputes { get; set; }

    public IReadOnlyList<ClipBlock> Blocks => [.. resblocks];

    /// <summary>Runs all blocks on <c>[B, N, D]</c>.</summary>
    public override TokenState forward(TokenState tokens) =>
        BlockStack.Run(resblocks, tokens, (block, state) => block.forward(state), Recomputes);
}

/// <summary>One block of either CLIP encoder.</summary>
public sealed class ClipBlock : PreNormBlock
{
    private readonly ClipAttention attn;
    private readonly LayerNorm ln_1;
    private readonly FeedForward mlp;
    private readonly LayerNorm ln_2;
    private readonly bool causal;

    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    public ClipBlock(
        int width, int heads, int layers, bool causal, AlignmentMap? queryModel = null, ClipActivation activation = default)
        : base(nameof(ClipBlock), queryModel)
    {
        attn = new ClipAttention(width, heads, layers);
        ln_1 = nn.LayerNorm(width);
        mlp = new FeedForward(width, 4 * width, ("c_fc", "c_proj"), activation);
        using (no_grad())
        {
            mlp.Widen.weight.normal_(0, Math.Pow(2 * width, -0.5));
            mlp.Narrow.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
            mlp.Widen.bias!.zero_();
            mlp.Narrow.bias!.zero_();
        }

        ln_2 = nn.LayerNorm(width);
        this.causal = causal;
        RegisterComponents();
    }

    protected override (LayerNorm, FusedAttention, LayerNorm, nn.Module<Tensor, Tensor>) Parts => (ln_1, attn, ln_2, mlp);

    /// <summary>In a text −∞ on later rows, plus what the tokens themselves ask for. Where padding is told apart, the end-of-text
    /// row sees every real token: all that stand behind it are merged ones, which nobody could read otherwise.</summary>
    /// <returns><c>[N, N]</c> or <c>[B, 1, N, N]</c> where it is causal.</returns>
    protected override Tensor? Bias(TokenState input)
    {
        if (!causal)
        {
            return base.Bias(input);
        }

        var (length, device) = (input.Length, input.X.device);
        var later = ones([length, length], dtype: @bool, device: device).triu(1); // [N, N]
        if (input is { Mask: not null, EndOfText: { } end })
        {
            var others = arange(length, dtype: int64, device: device).unsqueeze(0) != end.unsqueeze(1); // [B, N]
            later = later.unsqueeze(0).logical_and(others.unsqueeze(2)).unsqueeze(1); // [B, 1, N, N]
        }

        var bias = zeros(later.shape, dtype: input.X.dtype, device: device).masked_fill(later, float.NegativeInfinity);
        return input.AttentionBias() is { } own ? bias + own : bias;
    }
}

/// <summary>Self-attention of a CLIP block.</summary>
public sealed class ClipAttention : FusedAttention
{
    private Parameter in_proj_weight;
    private Parameter in_proj_bias;
    private readonly Linear out_proj;

    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    public ClipAttention(int width, int heads, int layers) : base(nameof(ClipAttention), width, heads)
    {
        in_proj_weight = nn.Parameter(empty(3 * width, width));
        in_proj_bias = nn.Parameter(zeros(3 * width));
        out_proj = nn.Linear(width, width);
        RegisterComponents();
        using var off = no_grad();
        in_proj_weight.normal_(0, Math.Pow(width, -0.5));
        out_proj.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5)); // it writes into the residual stream
        out_proj.bias!.zero_();
    }

    /// <summary>Puts other weights <c>[3·h·d_h, D]</c> or another bias in place of the projection's, as <see cref="Linear"/> lets
    /// one do.</summary>
    public void Replace(string name, Parameter parameter)
    {
        _ = name == nameof(in_proj_weight) ? in_proj_weight = parameter : in_proj_bias = parameter;
        ConditionallyRegisterParameter(name, parameter);
    }

    protected override Tensor Project(Tensor tokens) => Products.Linear(tokens, in_proj_weight, in_proj_bias);

    protected override Tensor Output(Tensor joined) => Products.Linear(out_proj, joined);
}

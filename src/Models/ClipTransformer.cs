using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>The stack of blocks of either CLIP encoder (<c>transformer</c> in the checkpoints).</summary>
/// <param name="causal">Whether a token sees only those before it (text).</param>
public sealed class ClipTransformer(
    int width, int layers, int heads, bool causal, AlignmentConfig? alignment, ClipActivation activation = default)
    : Part, IRecomputing
{
    private readonly ModuleList<ClipBlock> resblocks = new([.. AlignmentMap.ForLayers(alignment, width, layers)
        .Select(map => new ClipBlock(width, heads, layers, causal, map, activation))]);

    public bool Recomputes { get; set; }
    public IReadOnlyList<ClipBlock> Blocks => [.. resblocks];

    /// <summary>Runs all blocks on <c>[B, N, D]</c>.</summary>
    public TokenState forward(TokenState tokens) =>
        BlockStack.Run(resblocks, tokens, (block, state) => block.forward(state), Recomputes);
}

/// <summary>One block of either CLIP encoder.</summary>
/// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
/// <param name="causal">Whether a token sees only those before it (text).</param>
public sealed class ClipBlock(
    int width, int heads, int layers, bool causal, AlignmentMap? queryModel = null, ClipActivation activation = default)
    : PreNormBlock(queryModel)
{
    private readonly ClipAttention attn = ClipAttention.Create(width, heads, layers);
    private readonly LayerNorm ln_1 = nn.LayerNorm(width);
    private readonly FeedForward mlp = FeedForward(width, layers, activation);
    private readonly LayerNorm ln_2 = nn.LayerNorm(width);

    protected override (LayerNorm, FusedAttention, LayerNorm, FeedForward) Parts => (ln_1, attn, ln_2, mlp);

    /// <summary>In a text −∞ on later rows, plus what the tokens themselves ask for. Where padding is told apart, the end-of-text
    /// row sees every real token: all that stand behind it are merged ones, which nobody could read otherwise.</summary>
    /// <returns><c>[N, N]</c> or <c>[B, 1, N, N]</c> where it is causal.</returns>
    protected override Tensor? Bias(TokenState input)
    {
        if (!causal)
            return base.Bias(input);

        var (length, device) = (input.Length, input.X.device);
        var later = ones([length, length], dtype: @bool, device: device).triu(1); // [N, N]
        if (Reducer is not { ExcludesPadding: false } && input is { Mask: not null, EndOfText: { } end })
        {
            var others = arange(length, dtype: int64, device: device).unsqueeze(0) != end.unsqueeze(1); // [B, N]
            later = later.unsqueeze(0).logical_and(others.unsqueeze(2)).unsqueeze(1); // [B, 1, N, N]
        }

        var bias = zeros(later.shape, dtype: input.X.dtype, device: device).masked_fill(later, float.NegativeInfinity);
        return input.AttentionBias() is { } own ? bias + own : bias;
    }

    private static FeedForward FeedForward(int width, int layers, ClipActivation activation)
    {
        var made = new FeedForward(width, 4 * width, ("c_fc", "c_proj"), activation);
        using var off = no_grad();
        made.Widen.weight.normal_(0, Math.Pow(2 * width, -0.5));
        made.Narrow.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
        made.Widen.bias!.zero_();
        made.Narrow.bias!.zero_();
        return made;
    }
}

/// <summary>Self-attention of a CLIP block.</summary>
internal sealed class ClipAttention(int width, int heads) : FusedAttention(width, heads)
{
    private Parameter in_proj_weight = nn.Parameter(empty(3 * width, width));
    private Parameter in_proj_bias = nn.Parameter(zeros(3 * width));
    private readonly Linear out_proj = nn.Linear(width, width);

    /// <summary>Draws the initial weights.</summary>
    /// <param name="layers">Blocks of the whole encoder.</param>
    public static ClipAttention Create(int width, int heads, int layers)
    {
        var made = new ClipAttention(width, heads);
        using var off = no_grad();
        made.in_proj_weight.normal_(0, Math.Pow(width, -0.5));
        made.out_proj.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5)); // writes into the residual stream
        made.out_proj.bias!.zero_();
        return made;
    }

    /// <summary>Puts other weights <c>[3·h·d_h, D]</c> or another bias in place of the projection's, as <see cref="Linear"/> lets
    /// one do.</summary>
    public void Replace(string name, Parameter parameter)
    {
        _ = name == nameof(in_proj_weight) ? in_proj_weight = parameter : in_proj_bias = parameter;
        ConditionallyRegisterParameter(name, parameter);
    }

    protected override Tensor Project(Tensor tokens) => Products.Linear(tokens, in_proj_weight, in_proj_bias);

    internal override Tensor Output(Tensor joined) => Products.Linear(out_proj, joined);
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>Multi-head self-attention of a CLIP block, with one fused projection to queries, keys and values.</summary>
public sealed class ClipAttention : nn.Module, IMaskableWidth
{
    private readonly Parameter in_proj_weight;
    private readonly Parameter in_proj_bias;
    private readonly Linear out_proj;
    private readonly int heads;
    private readonly int fullHeadWidth;
    private readonly int headWidth;

    /// <summary>Creates the layer.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">h.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    /// <param name="innerWidth">Width of queries, keys and values where it is not D: heads that lost dimensions.</param>
    /// <exception cref="ArgumentException">A width does not divide by the heads.</exception>
    public ClipAttention(int width, int heads, int layers, int? innerWidth = null) : base(nameof(ClipAttention))
    {
        this.heads = heads;
        fullHeadWidth = HeadWidth.Of(width, heads);
        headWidth = HeadWidth.Of(innerWidth ?? width, heads);
        in_proj_weight = nn.Parameter(empty(3 * heads * headWidth, width));
        in_proj_bias = nn.Parameter(zeros(3 * heads * headWidth));
        out_proj = nn.Linear(heads * headWidth, width);
        RegisterComponents();
        ClipInitialization.Attention(in_proj_weight, out_proj, layers);
    }

    /// <inheritdoc/>
    public int Units => headWidth;

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(headWidth, dtype: in_proj_weight.dtype, device: in_proj_weight.device);

    /// <summary>Attends: tokens <c>[B, N, D]</c> and a bias that broadcasts to <c>[B, h, N, N]</c> or null, to <c>[B, N, D]</c> and the record.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        var projected = MixedPrecision.Linear(tokens, in_proj_weight, in_proj_bias).view(batch, length, 3, heads, headWidth).permute(2, 0, 3, 1, 4); // [3, B, h, N, d_h]
        var parts = (WidthMask is null ? projected : projected * WidthMask).unbind(0);
        var attention = ScaledDotProduct.Attend(parts[0], parts[1], parts[2], bias, fullHeadWidth);
        return (MixedPrecision.Linear(out_proj, ScaledDotProduct.JoinHeads(attention.HeadOutput)), attention);
    }
}

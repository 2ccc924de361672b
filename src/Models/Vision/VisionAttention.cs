using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>Multi-head self-attention of a BLIP vision block, with one fused projection to queries, keys and values.</summary>
public sealed class VisionAttention : nn.Module, IMaskableWidth
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int heads;
    private readonly int fullHeadWidth;
    private readonly int headWidth;

    /// <summary>Creates the layer.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">h.</param>
    /// <param name="innerWidth">Width of queries, keys and values where it is not D: heads that lost dimensions.</param>
    /// <exception cref="ArgumentException">A width does not divide by the heads.</exception>
    public VisionAttention(int width, int heads, int? innerWidth = null) : base(nameof(VisionAttention))
    {
        this.heads = heads;
        fullHeadWidth = HeadWidth.Of(width, heads);
        headWidth = HeadWidth.Of(innerWidth ?? width, heads);
        qkv = nn.Linear(width, 3 * heads * headWidth);
        proj = nn.Linear(heads * headWidth, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => headWidth;

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(headWidth, dtype: qkv.weight.dtype, device: qkv.weight.device);

    /// <summary>Attends: tokens <c>[B, N, D]</c> and an additive bias on keys <c>[B, 1, 1, N]</c> or null, to <c>[B, N, D]</c> and the record.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        var projected = MixedPrecision.Linear(qkv, tokens).view(batch, length, 3, heads, headWidth).permute(2, 0, 3, 1, 4); // [3, B, h, N, d_h]
        var parts = (WidthMask is null ? projected : projected * WidthMask).unbind(0);
        var attention = ScaledDotProduct.Attend(parts[0], parts[1], parts[2], bias, fullHeadWidth);
        return (MixedPrecision.Linear(proj, ScaledDotProduct.JoinHeads(attention.HeadOutput)), attention);
    }
}

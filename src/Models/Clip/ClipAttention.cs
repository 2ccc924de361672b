using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>Multi-head self-attention of a CLIP block, with one fused projection to queries, keys and values.</summary>
public sealed class ClipAttention : nn.Module
{
    private readonly Parameter in_proj_weight;
    private readonly Parameter in_proj_bias;
    private readonly Linear out_proj;
    private readonly int heads;

    /// <summary>Creates the layer.</summary>
    /// <exception cref="ArgumentException">The width does not divide by the heads.</exception>
    public ClipAttention(int width, int heads, int layers) : base(nameof(ClipAttention))
    {
        if (width % heads != 0)
        {
            throw new ArgumentException($"width {width} does not divide by {heads} heads", nameof(heads));
        }

        this.heads = heads;
        in_proj_weight = nn.Parameter(empty(3 * width, width));
        in_proj_bias = nn.Parameter(zeros(3 * width));
        out_proj = nn.Linear(width, width);
        RegisterComponents();
        ClipInitialization.Attention(in_proj_weight, out_proj, layers);
    }

    /// <summary>Attends: tokens <c>[B, N, D]</c> and a bias that broadcasts to <c>[B, h, N, N]</c> or null, to <c>[B, N, D]</c> and the record.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var (batch, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var projected = MixedPrecision.Linear(tokens, in_proj_weight, in_proj_bias); // [B, N, 3D]
        var parts = projected.view(batch, length, 3, heads, width / heads).permute(2, 0, 3, 1, 4).unbind(0); // 3 × [B, h, N, d_h]
        var attention = ScaledDotProduct.Attend(parts[0], parts[1], parts[2], bias);
        return (MixedPrecision.Linear(out_proj, ScaledDotProduct.JoinHeads(attention.HeadOutput)), attention);
    }
}

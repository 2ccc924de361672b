using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>Multi-head self-attention of a BLIP vision block, with one fused projection to queries, keys and values.</summary>
public sealed class VisionAttention : nn.Module
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int heads;

    /// <summary>Creates the layer.</summary>
    /// <exception cref="ArgumentException">The width does not divide by the heads.</exception>
    public VisionAttention(int width, int heads) : base(nameof(VisionAttention))
    {
        if (width % heads != 0)
        {
            throw new ArgumentException($"width {width} does not divide by {heads} heads", nameof(heads));
        }

        this.heads = heads;
        qkv = nn.Linear(width, 3 * width);
        proj = nn.Linear(width, width);
        RegisterComponents();
    }

    /// <summary>Attends: tokens <c>[B, N, D]</c> and an additive bias on keys <c>[B, 1, 1, N]</c> or null, to <c>[B, N, D]</c> and the record.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var (batch, length, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        var projected = qkv.forward(tokens).view(batch, length, 3, heads, width / heads).permute(2, 0, 3, 1, 4); // [3, B, h, N, d_h]
        var parts = projected.unbind(0);
        var attention = ScaledDotProduct.Attend(parts[0], parts[1], parts[2], bias);
        return (proj.forward(ScaledDotProduct.JoinHeads(attention.HeadOutput)), attention);
    }
}

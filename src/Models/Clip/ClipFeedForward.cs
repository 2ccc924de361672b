using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>The feed-forward part of a CLIP block, four times as wide as its tokens where nothing was taken out.</summary>
public sealed class ClipFeedForward : nn.Module<Tensor, Tensor>, IMaskableWidth
{
    private readonly Linear c_fc;
    private readonly Linear c_proj;

    /// <summary>Creates the two layers.</summary>
    /// <param name="width">D.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    /// <param name="innerWidth">Width between the two layers where units were taken out.</param>
    public ClipFeedForward(int width, int layers, int? innerWidth = null) : base(nameof(ClipFeedForward))
    {
        c_fc = nn.Linear(width, innerWidth ?? 4 * width);
        c_proj = nn.Linear(innerWidth ?? 4 * width, width);
        RegisterComponents();
        ClipInitialization.FeedForward(c_fc, c_proj, layers);
    }

    /// <inheritdoc/>
    public int Units => (int)c_fc.weight.shape[0];

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(Units, dtype: c_fc.weight.dtype, device: c_fc.weight.device);

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens)
    {
        var hidden = MixedPrecision.Linear(c_fc, tokens); // [B, N, hidden]
        return MixedPrecision.Linear(c_proj, QuickGelu(WidthMask is null ? hidden : hidden * WidthMask));
    }

    /// <summary>x · σ(1.702 x), the approximation of GELU that CLIP was trained with.</summary>
    public static Tensor QuickGelu(Tensor x) => x * (x * 1.702).sigmoid();
}

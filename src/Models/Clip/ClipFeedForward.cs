using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>The feed-forward part of a CLIP block, four times as wide as its tokens.</summary>
public sealed class ClipFeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear c_fc;
    private readonly Linear c_proj;

    /// <summary>Creates the two layers.</summary>
    public ClipFeedForward(int width, int layers) : base(nameof(ClipFeedForward))
    {
        c_fc = nn.Linear(width, 4 * width);
        c_proj = nn.Linear(4 * width, width);
        RegisterComponents();
        ClipInitialization.FeedForward(c_fc, c_proj, layers);
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens) => MixedPrecision.Linear(c_proj, QuickGelu(MixedPrecision.Linear(c_fc, tokens)));

    /// <summary>x · σ(1.702 x), the approximation of GELU that CLIP was trained with.</summary>
    public static Tensor QuickGelu(Tensor x) => x * (x * 1.702).sigmoid();
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>The feed-forward part of a BLIP vision block.</summary>
public sealed class VisionFeedForward : nn.Module<Tensor, Tensor>, IMaskableWidth
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    /// <summary>Creates the two layers.</summary>
    public VisionFeedForward(int width, int hidden) : base(nameof(VisionFeedForward))
    {
        fc1 = nn.Linear(width, hidden);
        fc2 = nn.Linear(hidden, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => (int)fc1.weight.shape[0];

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(Units, dtype: fc1.weight.dtype, device: fc1.weight.device);

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens)
    {
        var hidden = MixedPrecision.Linear(fc1, tokens); // [B, N, hidden]
        return MixedPrecision.Linear(fc2, nn.functional.gelu(WidthMask is null ? hidden : hidden * WidthMask));
    }
}

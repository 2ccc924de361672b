using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>The released code's sum of losses for retrieval: task + 0.1 · alignment + 0.1 · momentum alignment.</summary>
/// <param name="Total">What is differentiated.</param>
/// <param name="Alignment">The alignment term.</param>
/// <param name="MomentumAlignment">The momentum copies' alignment term.</param>
internal sealed record ReleasedObjective(Tensor Total, Tensor Alignment, Tensor MomentumAlignment)
{
    private const double Weight = 0.1;

    /// <summary>At T = 0 both alignment terms are the contrastive loss again (defect 7).</summary>
    public static ReleasedObjective Of(RetrievalLosses losses, double temperature)
    {
        var alignment = temperature == 0 ? losses.Contrastive : losses.Alignment!;
        var momentum = temperature == 0 ? losses.Contrastive : losses.MomentumAlignment!;
        return new ReleasedObjective(losses.Task + (alignment * Weight) + (momentum * Weight), alignment, momentum);
    }
}

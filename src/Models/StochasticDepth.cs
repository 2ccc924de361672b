using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Stochastic depth: in training a sample's residual branch is skipped with a probability and scaled up otherwise.</summary>
internal static class StochasticDepth
{
    /// <summary>
    /// Applies it to a branch <c>[B, N, D]</c>. Whatever the branch's device, lots are drawn on the processor, whose random state
    /// checkpoints hold and recomputation restores.
    /// </summary>
    public static Tensor DropPath(Tensor branch, double probability, bool training)
    {
        if (!training || probability == 0)
        {
            return branch;
        }

        var keep = 1 - probability;
        var drawn = rand([branch.shape[0], 1, 1], dtype: branch.dtype, device: CPU) + keep; // [B, 1, 1]
        var mask = drawn.floor().to(branch.device);
        return branch / keep * mask;
    }
}

using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Counts that keep rules share.</summary>
internal static class KeepCounts
{
    /// <summary>Tokens strictly above a threshold, <c>[B]</c> int64; protected tokens count, padding does not.</summary>
    public static Tensor Above(Tensor importance, Tensor threshold, ReductionContext context)
    {
        var above = importance > threshold.unsqueeze(1); // [B, N]
        if (context.Real is not null)
        {
            above = above.logical_and(context.Real != 0);
        }

        if (context.Protected is not null)
        {
            above = above.logical_or(context.Protected);
        }

        return above.sum(1);
    }

    /// <summary>Real candidates of each sample, <c>[B]</c> int64.</summary>
    public static Tensor Available(ReductionContext context) => context.Real is null
        ? full([context.Attended.X.shape[0]], context.Candidates, dtype: int64, device: context.Attended.X.device)
        : context.Real.sum(1).to(int64);
}

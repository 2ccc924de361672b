using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>
/// Bridges orders: the reference leaves the order of kept tokens open and records it in <c>kept_indices</c>; the kit keeps
/// tokens in order of position. A permutation per sample tells which of our candidates is the reference's j-th.
/// </summary>
internal static class PruningExpectations
{
    /// <summary>Identity, <c>[B, N]</c>.</summary>
    public static Tensor Identity(long batch, long candidates) => arange(candidates, dtype: int64).unsqueeze(0).repeat(batch, 1);

    /// <summary>Our per-token values <c>[B, N, …]</c> in the reference's order.</summary>
    public static Tensor Reordered(Tensor ours, Tensor permutation)
    {
        var index = permutation;
        for (var d = 2; d < ours.shape.Length; d++)
        {
            index = index.unsqueeze(d);
        }

        return ours.gather(1, index.expand([.. permutation.shape, .. ours.shape[2..]]));
    }

    /// <summary>
    /// The permutation after a layer.
    /// </summary>
    /// <param name="permutation">The one before it, <c>[B, N]</c>.</param>
    /// <param name="ourIndex">Our kept candidates, ascending, <c>[B, k]</c>.</param>
    /// <param name="theirIndex">The reference's kept candidates in its order, <c>[B, k]</c>.</param>
    /// <param name="merged">Whether a merged token stands last.</param>
    public static Tensor After(Tensor permutation, Tensor ourIndex, Tensor theirIndex, bool merged)
    {
        var ours = permutation.gather(1, theirIndex); // our candidate at the reference's j-th place
        var place = (ourIndex.unsqueeze(1) == ours.unsqueeze(2)).to(int64).argmax(2); // [B, k]
        if (!merged)
        {
            return place;
        }

        var last = full([place.shape[0], 1], place.shape[1], dtype: int64);
        return cat([place, last], 1);
    }

    /// <summary>Weights of the pruned tokens in order of descending importance, <c>[B, N − k]</c>.</summary>
    public static Tensor MergeWeights(StepTensors step)
    {
        var weights = TokenMerging.Weights(step.Importance.Total, step.Selection!.Keep.logical_not().to(step.Importance.Total.dtype));
        var ranking = Ranking(step.Importance.Total);
        return weights.gather(1, ranking.slice(1, step.Selection.Index.shape[1], ranking.shape[1], 1));
    }

    /// <summary>Candidates by descending importance, <c>[B, N]</c>.</summary>
    public static Tensor Ranking(Tensor importance) => importance.sort(1, descending: true, stable: true).Indices;

    /// <summary>Reference places of our candidates: the inverse of a permutation.</summary>
    public static Tensor Inverse(Tensor permutation) => permutation.argsort(1);
}

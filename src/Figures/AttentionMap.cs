using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

/// <summary>Where a learnable token looks.</summary>
/// <param name="Title">What stands above it: "token 17".</param>
/// <param name="Weights">Its weight on each patch, in the grid's order; any scale, none below 0.</param>
// An array would fit both constructors: TorchSharp turns arrays into tensors.
[method: OverloadResolutionPriority(1)]
public sealed record AttentionMap(string Title, IReadOnlyList<double> Weights)
{
    /// <summary>A map out of a tensor.</summary>
    /// <param name="title">What stands above it.</param>
    /// <param name="weights">Its weight on each patch, <c>[N]</c>, of any floating type and on any device.</param>
    /// <exception cref="ArgumentException">The tensor is not one row.</exception>
    public AttentionMap(string title, Tensor weights)
        : this(title, Row(title, weights))
    {
    }

    private static double[] Row(string title, Tensor weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return weights.shape.Length == 1
            ? weights.detach().to(float64).cpu().data<double>().ToArray()
            : throw new ArgumentException($"attention map '{title}' is one row of weights [N], not [{string.Join(", ", weights.shape)}]: choose the sample and the token first", nameof(weights));
    }
}

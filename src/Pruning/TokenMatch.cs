using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>What a scorer that matches tokens by similarity knows of where each may go. Either the destinations or the affinity is there.</summary>
public sealed record TokenMatch
{
    /// <summary>The token that each is merged into if it does not stay, <c>[B, N]</c> int64.</summary>
    public Tensor? Destination { get; init; }

    /// <summary>Similarity of each token (row) to each that it may be merged into (column), −∞ where it may not, <c>[B, N, N]</c>; the most similar one that stays is the destination.</summary>
    public Tensor? Affinity { get; init; }

    /// <summary>What a token's share in a merged one is multiplied by, <c>[B, N]</c>; null for 1.</summary>
    public Tensor? Weight { get; init; }
}

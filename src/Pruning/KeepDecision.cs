using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>How many tokens each sample wants to keep, before the batch layout reconciles them.</summary>
/// <param name="Counts">Tokens to keep of the N candidates, <c>[B]</c> int64.</param>
/// <param name="Thresholds">One threshold per learnable token, <c>[B, K]</c>; null for rules without one.</param>
/// <param name="Threshold">θ, <c>[B]</c>; null for rules without one.</param>
public sealed record KeepDecision(Tensor Counts, Tensor? Thresholds = null, Tensor? Threshold = null);

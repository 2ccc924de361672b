namespace Madtp.Kit.Figures;

/// <summary>Where a learnable token looks.</summary>
/// <param name="Title">What stands above it: "token 17".</param>
/// <param name="Weights">Its weight on each patch, in the grid's order; any scale, none below 0.</param>
public sealed record AttentionMap(string Title, IReadOnlyList<double> Weights);

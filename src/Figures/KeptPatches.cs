using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Figures;

/// <summary>One image of a keep-map: which of its patches are left after each layer.</summary>
/// <param name="Label">What stands beside the row: "MADTP", "left image".</param>
/// <param name="Picture">The image.</param>
/// <param name="Grid">How it is cut into patches.</param>
/// <param name="PerLayer">For each layer the patches that are still tokens of their own, counted from 0; all others are removed.</param>
public sealed record KeptPatches(string Label, RgbImage Picture, PatchGrid Grid, IReadOnlyList<IReadOnlyList<int>> PerLayer)
{
    /// <summary>Whether removed patches are merged into one token (as MADTP does) or dropped (as static pruning does).</summary>
    public bool Merges { get; init; } = true;
}

using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Figures;

/// <summary>A pair of images and a statement, and what was pruned of them at several temperatures.</summary>
/// <param name="Sentence">The statement.</param>
/// <param name="Label">Whether it is true.</param>
/// <param name="Left">The left image.</param>
/// <param name="Right">The right image.</param>
/// <param name="Grid">How images are cut into patches.</param>
/// <param name="Words">The statement's pieces in order; one that begins with <c>##</c> continues the one before.</param>
/// <param name="Runs">Its passes, by ascending temperature; every sample of a page has the same ones.</param>
public sealed record KeepMapSample(string Sentence, bool Label, RgbImage Left, RgbImage Right, PatchGrid Grid, IReadOnlyList<string> Words, IReadOnlyList<KeepMapRun> Runs);

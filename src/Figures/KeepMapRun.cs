namespace Madtp.Kit.Figures;

/// <summary>One forward pass over a pair, at one temperature, block by block.</summary>
/// <param name="Temperature">T.</param>
/// <param name="MacShare">What it cost, as a share of the plain model's multiply-accumulates.</param>
/// <param name="True">The model's probability that the statement is true.</param>
/// <param name="Left">The left image's blocks.</param>
/// <param name="Right">The right image's blocks.</param>
/// <param name="Text">The statement's blocks.</param>
public sealed record KeepMapRun(double Temperature, double MacShare, double True, IReadOnlyList<KeepMapLayer> Left, IReadOnlyList<KeepMapLayer> Right, IReadOnlyList<KeepMapLayer> Text);

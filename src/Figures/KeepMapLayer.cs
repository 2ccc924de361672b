namespace Madtp.Kit.Figures;

/// <summary>What one block did with the tokens of one image or text.</summary>
/// <param name="Threshold">θ; null for methods without one.</param>
/// <param name="Tokens">The tokens that it chose from, in order. Whatever is not among them was gone before, or always stays.</param>
public sealed record KeepMapLayer(double? Threshold, IReadOnlyList<ScoredToken> Tokens);

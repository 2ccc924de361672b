namespace Madtp.Kit.Figures;

/// <summary>One text of a keep-map: which of its pieces are left after each layer.</summary>
/// <param name="Label">What stands beside it: "MADTP", "statement".</param>
/// <param name="Words">Its pieces in order; one that begins with <c>##</c> continues the one before.</param>
/// <param name="PerLayer">For each layer the pieces that are still tokens of their own, counted from 0.</param>
public sealed record KeptWords(string Label, IReadOnlyList<string> Words, IReadOnlyList<IReadOnlyList<int>> PerLayer);

namespace Madtp.Kit.Pruning;

/// <summary>What a reduction leaves of one image or text, block by block.</summary>
/// <param name="Positions">After each block the patches or words that are still tokens of their own, counted from 0.</param>
/// <param name="Counts">Tokens after each block, the class token and merged tokens included.</param>
/// <param name="Merges">Whether the others are merged into tokens that go on, or dropped.</param>
public sealed record TokensLeft(IReadOnlyList<IReadOnlyList<int>> Positions, IReadOnlyList<int> Counts, bool Merges);

namespace Madtp.Kit.Evaluations;

/// <summary>How well an image fits the texts it was read with.</summary>
/// <param name="Texts">The texts' numbers.</param>
/// <param name="Scores">Their scores as little-endian numbers of four bytes.</param>
internal sealed record JudgedTexts(long[] Texts, byte[] Scores);

namespace Madtp.Kit.Models.Decoding;

/// <summary>A word that could come next in a beam search.</summary>
/// <param name="Beam">Which of its image's texts it would go on from.</param>
/// <param name="Word">Its id.</param>
/// <param name="Score">Log-probability of the text with it.</param>
internal readonly record struct Candidate(int Beam, long Word, float Score);

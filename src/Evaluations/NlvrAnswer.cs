namespace Madtp.Kit.Evaluations;

/// <summary>Whether a statement was taken to be true.</summary>
internal sealed record NlvrAnswer(string Identifier, bool IsTrue, double Macs, double DenseMacs) : ICostedAnswer;

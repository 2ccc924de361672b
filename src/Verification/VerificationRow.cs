namespace Madtp.Kit.Verification;

/// <summary>One compared tensor.</summary>
/// <param name="Fixture">Folder name of the fixture.</param>
/// <param name="Case">Case inside it.</param>
/// <param name="Tensor">Name of the tensor, or of a count in the manifest.</param>
/// <param name="MaxError">Largest absolute difference; NaN where shapes differ or a value is missing.</param>
/// <param name="Tolerance">Allowed |difference| / (1 + |expected|); 0 demands equality.</param>
/// <param name="Ok">Whether every element is within tolerance.</param>
/// <param name="Note">What is wrong where no error can be computed, or empty.</param>
public sealed record VerificationRow(string Fixture, string Case, string Tensor, double MaxError, double Tolerance, bool Ok, string Note = "");

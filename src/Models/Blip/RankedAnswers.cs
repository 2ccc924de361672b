using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Candidate answers ranked for a batch of questions.</summary>
/// <param name="Best">Each question's answer: its number among the candidates, <c>[B]</c> int64.</param>
/// <param name="Candidates">The candidates that were read to the end, likeliest first word first, <c>[B, k]</c> int64.</param>
/// <param name="Scores">Their log-likelihood, labels smoothed as in training, <c>[B, k]</c>.</param>
public sealed record RankedAnswers(Tensor Best, Tensor Candidates, Tensor Scores);

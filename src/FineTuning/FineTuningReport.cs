using Madtp.Kit.Evaluations;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.FineTuning;

/// <summary>What a fine-tuning came to.</summary>
/// <param name="Task">The task.</param>
/// <param name="Weights">The file of the trained weights: what answers, without training copies.</param>
/// <param name="Steps">Steps done, those of earlier runs included.</param>
/// <param name="Watched">The score on the watched part of the validation split.</param>
/// <param name="Calibration">How the budget was met in the end; null without one.</param>
/// <param name="Scores">The scores of each split that was asked for, by its name.</param>
public sealed record FineTuningReport(string Task, string Weights, int Steps, Evaluation Watched, CalibrationResult? Calibration, IReadOnlyDictionary<string, EvaluationReport> Scores);

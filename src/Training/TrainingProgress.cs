namespace Madtp.Kit.Training;

/// <summary>How far a training is, for whoever shows it.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="TotalSteps">Steps in all.</param>
/// <param name="Latest">The newest line of the log; null before the first.</param>
/// <param name="IsNew">Whether this step wrote that line.</param>
public sealed record TrainingProgress(int Step, int TotalSteps, TrainingRecord? Latest, bool IsNew);

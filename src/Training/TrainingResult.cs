namespace Madtp.Kit.Training;

/// <summary>How a training ended.</summary>
/// <param name="Steps">Steps done in all.</param>
/// <param name="Completed">False where it was stopped before its last step and may be resumed.</param>
/// <param name="Records">The log.</param>
public sealed record TrainingResult(int Steps, bool Completed, IReadOnlyList<TrainingRecord> Records);

namespace Madtp.Kit.Evaluations;

/// <summary>How far an evaluation is.</summary>
/// <param name="Step">What is being done.</param>
/// <param name="Done">Examples done, those of earlier runs included.</param>
/// <param name="Total">Examples there are.</param>
public readonly record struct EvaluationProgress(string Step, int Done, int Total);

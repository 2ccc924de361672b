using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Experiments;

/// <summary>What a task's run came to.</summary>
/// <param name="Dev">Scores on the split that may be watched.</param>
/// <param name="Test">Scores on the test split.</param>
/// <param name="Calibration">The last calibration; null without a budget.</param>
public sealed record ExperimentScores(Evaluation Dev, Evaluation Test, CalibrationResult? Calibration)
{
    /// <summary>Whether the budget was met, where it was not a calibration that saw to it.</summary>
    public bool BudgetMet { get; init; } = Calibration?.Reached ?? true;
}

using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>What a training on NLVR2 came to.</summary>
/// <param name="Dev">Scores on the split that was watched.</param>
/// <param name="Test">Scores on the public test split.</param>
public sealed record Nlvr2Report(Evaluation Dev, Evaluation Test)
{
    /// <summary>The last calibration; null where nothing is reduced.</summary>
    public CalibrationResult? Calibration { get; init; }
}

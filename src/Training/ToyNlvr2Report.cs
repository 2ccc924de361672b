using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>What a training of the toy model came to.</summary>
/// <param name="Dev">Scores on the split that was watched.</param>
/// <param name="Test">Scores on the split that was not looked at before.</param>
public sealed record ToyNlvr2Report(Evaluation Dev, Evaluation Test)
{
    /// <summary>Test scores when every statement gets another example's images.</summary>
    public required Evaluation ShuffledImages { get; init; }

    /// <summary>Test scores when every pair of images gets another example's statement.</summary>
    public required Evaluation ShuffledText { get; init; }

    /// <summary>The last calibration; null where nothing is reduced.</summary>
    public CalibrationResult? Calibration { get; init; }
}

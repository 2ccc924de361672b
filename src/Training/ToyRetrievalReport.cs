using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>What a training of a toy retrieval model came to.</summary>
/// <param name="Validation">Scores on the split that was watched.</param>
/// <param name="Test">Scores on the split that was not looked at before.</param>
/// <param name="Calibration">The last calibration; null where nothing is reduced.</param>
public sealed record ToyRetrievalReport(Evaluation Validation, Evaluation Test, CalibrationResult? Calibration);

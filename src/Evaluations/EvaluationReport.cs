using Madtp.Kit.Madtp;

namespace Madtp.Kit.Evaluations;

/// <summary>What an evaluation found.</summary>
/// <param name="Task">The task.</param>
/// <param name="Examples">How many examples were scored.</param>
/// <param name="Scores">Every score by its name in the field, in the order they are reported; empty where the split's answers are not public.</param>
/// <param name="Macs">Multiply-accumulates of one example, mean over the examples.</param>
/// <param name="DenseMacs">The same of the plain model.</param>
public sealed record EvaluationReport(string Task, int Examples, IReadOnlyList<KeyValuePair<string, double>> Scores, double Macs, double DenseMacs)
{
    /// <summary>The dial's value, for MADTP the temperature; null for the plain model.</summary>
    public double? Temperature { get; init; }

    /// <summary>How the temperature was found; null where it was given.</summary>
    public CalibrationResult? Calibration { get; init; }

    /// <summary>What one example is to the costs: a pair of images, a caption with its image, ….</summary>
    public required string CostOf { get; init; }

    /// <summary>The run's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The submission that the task's official evaluation reads.</summary>
    public required string Submission { get; init; }

    /// <summary>Examples that an earlier run had finished already.</summary>
    public int Resumed { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that is left, 0 to 1.</summary>
    public double MacShare => Macs / DenseMacs;
}

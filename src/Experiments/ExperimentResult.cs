using System.Text.Json;
using System.Text.Json.Serialization;

namespace Madtp.Kit.Experiments;

/// <summary>What an experiment came to, and how it came about.</summary>
/// <param name="Experiment">What was run.</param>
public sealed record ExperimentResult(Experiment Experiment)
{
    /// <summary>Score on the test split, 0 to 1: accuracy, or mean recall at 1.</summary>
    public required double Test { get; init; }

    /// <summary>The same on the split that may be watched.</summary>
    public required double Dev { get; init; }

    /// <summary>Single scores on the test split by name, such as recalls.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>Multiply-accumulates of one test example, mean ('paper' accounting).</summary>
    public required double Macs { get; init; }

    /// <summary>The same of the plain model.</summary>
    public required double DenseMacs { get; init; }

    /// <summary>What the budget was met with: MADTP's temperature, a keep ratio; null without one.</summary>
    public double? Dial { get; init; }

    /// <summary>Whether the calibration met the budget; false where whole tokens, or the method's limit, stand between.</summary>
    public bool BudgetMet { get; init; } = true;

    /// <summary>Tokens after each reducing layer of each encoder, mean over the test examples.</summary>
    public IReadOnlyDictionary<string, double> Tokens { get; init; } = new Dictionary<string, double>();

    /// <summary>Seconds that training, calibration and scoring took.</summary>
    public double Seconds { get; init; }

    /// <summary>Threads that torch computed with.</summary>
    public int Threads { get; init; }

    /// <summary>The GPU that computed; null for the CPU.</summary>
    public string? Device { get; init; }

    /// <summary>The libtorch that computed, such as 2.10.0: the last digits of a training differ between versions.</summary>
    public required string Libtorch { get; init; }

    /// <summary>The command that runs the experiment again.</summary>
    public required string Command { get; init; }

    /// <summary>Digest of the library's sources at the time.</summary>
    public required string Code { get; init; }

    /// <summary>Digest of the test split.</summary>
    public required string Data { get; init; }

    /// <summary>The day, universal time.</summary>
    public required string Date { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that is left, 0 to 1.</summary>
    [JsonIgnore]
    public double MacShare => Macs / DenseMacs;

    /// <summary>
    /// Whether the test split cost more than the budget and a percent of the plain model: the method could not go lower, or the
    /// test split is dearer than the one it was calibrated on.
    /// </summary>
    [JsonIgnore]
    public bool OverBudget => Experiment.ReduceRatio > 0 && MacShare > 1 - Experiment.ReduceRatio + 0.01;

    /// <summary>Whether the result was found rather than computed just now; not written.</summary>
    [JsonIgnore]
    public bool Cached { get; init; }

    /// <summary>The result as its file has it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ExperimentJson.Page);
}

using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Experiments;

/// <summary>A run, described completely: equal experiments give equal results, up to the machine's arithmetic. The description is
/// what results are cached by.</summary>
/// <param name="Task">What is learned and on which data: one of <see cref="ExperimentTask"/>.</param>
/// <param name="Method">How the model is made cheaper: one of <see cref="Madtp.Methods"/>.</param>
/// <param name="ReduceRatio">Share of the multiply-accumulates to take away, 0 to 1, as in the paper.</param>
/// <param name="Seed">Seed of the order of the examples, and of the alignment guidance.</param>
/// <param name="TrainExamples">The first so many training examples are tuned on; 0 applies the method as it is.</param>
/// <param name="Epochs">Passes over them; null for what the task is made for: one at toy scale, the paper's at its own.</param>
/// <param name="LearningRate">Learning rate after the warm-up.</param>
/// <param name="LearnableTokens">K, the number of learnable alignment tokens.</param>
/// <param name="AlignmentWidth">d_k, the width of the alignment space.</param>
public sealed record Experiment(
    string Task = "toy-nlvr2", string Method = "MADTP", double ReduceRatio = 0, long Seed = 1, int TrainExamples = 3200,
    int? Epochs = null, double LearningRate = 3e-4, int LearnableTokens = 64, int AlignmentWidth = 64)
{
    /// <summary>Name in the cache: 16 digits that change with anything in it, and with the weights it begins with.</summary>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    [JsonIgnore]
    public string Key
    {
        get
        {
            var text = JsonSerializer.Serialize(this, ExperimentJson.Line) + "|" + ExperimentTask.Of(Task).InputDigest;
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
        }
    }

    [JsonIgnore]
    public string Command => "./kit experiment" + string.Create(
        CultureInfo.InvariantCulture,
        $" --task {Task} --method \"{Method}\" --reduce {ReduceRatio} --seed {Seed} --examples {TrainExamples}"
        + $"{(Epochs is { } passes ? $" --epochs {passes}" : "")} --learning-rate {LearningRate}"
        + $" --learnable-tokens {LearnableTokens} --alignment-width {AlignmentWidth}");

    /// <summary>Insists on a method that there is, and on a ratio that it may have.</summary>
    /// <exception cref="ArgumentException">It has another.</exception>
    internal void RequirePossible()
    {
        Guard.Argument(ReduceRatio is >= 0 and < 1, $"'{this}': a reduce ratio is 0 or more, and below 1");
        Methods.Of(Method).RequireReducing(ReduceRatio);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Task} {Method} {ReduceRatio} seed {Seed}")
        + (Epochs is { } passes ? $", {passes} passes" : "");
}

/// <summary>What an experiment came to, and how it came about.</summary>
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

    public required double DenseMacs { get; init; }

    /// <summary>What the budget was met with: MADTP's temperature, a keep ratio; null without one.</summary>
    public double? Strength { get; init; }

    /// <summary>Whether the calibration met the budget; false where whole tokens, or the method's limit, stand between.</summary>
    public bool BudgetMet { get; init; } = true;

    /// <summary>Tokens after each reducing layer of each encoder, mean over the test examples.</summary>
    public IReadOnlyDictionary<string, double> Tokens { get; init; } = new Dictionary<string, double>();

    /// <summary>Seconds that training, calibration and scoring took.</summary>
    public double Seconds { get; init; }

    public int Threads { get; init; }

    /// <summary>The GPU that computed; null for the CPU.</summary>
    public string? Device { get; init; }

    /// <summary>The libtorch that computed, such as 2.10.0: the last digits of a training differ between versions.</summary>
    public required string Libtorch { get; init; }

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

    /// <summary>Whether the test split cost more than the budget and a percent of the plain model: the method could not go lower,
    /// or the test split is dearer than the one it was calibrated on.</summary>
    [JsonIgnore]
    public bool OverBudget => Experiment.ReduceRatio > 0 && MacShare > 1 - Experiment.ReduceRatio + 0.01;

    /// <summary>Whether the result was found rather than computed just now; not written.</summary>
    [JsonIgnore]
    public bool Cached { get; init; }

    /// <summary>The result as its file has it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ExperimentJson.Page);
}

/// <summary>How experiments and results are written.</summary>
internal static class ExperimentJson
{
    /// <summary>On one line, for hashing.</summary>
    public static JsonSerializerOptions Line { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Indented, for files that people read.</summary>
    public static JsonSerializerOptions Page { get; } = new(Line) { WriteIndented = true };
}

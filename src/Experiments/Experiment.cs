using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text;

namespace Madtp.Kit.Experiments;

/// <summary>
/// A run, described completely: equal experiments give equal results, up to the machine's arithmetic. The description is what
/// results are cached by.
/// </summary>
public sealed record Experiment
{
    /// <summary>What is learned and on which data: one of <see cref="ExperimentTask"/>.</summary>
    public string Task { get; init; } = "toy-nlvr2";

    /// <summary>How the model is made cheaper: one of <see cref="Madtp.Methods"/>.</summary>
    public string Method { get; init; } = "MADTP";

    /// <summary>Share of the multiply-accumulates to take away, 0 to 1, as in the paper; 0 takes nothing away.</summary>
    public double ReduceRatio { get; init; }

    /// <summary>Seed of the order of the examples, and of the alignment guidance.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Examples of the fine-tuning, the first of the training split; 0 applies the method as it is.</summary>
    public int TrainExamples { get; init; } = 3200;

    /// <summary>Passes over them; null for what the task is made for: one at toy scale, the paper's at its own.</summary>
    public int? Epochs { get; init; }

    /// <summary>Learning rate after the warm-up.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>K, the number of learnable alignment tokens.</summary>
    public int LearnableTokens { get; init; } = 64;

    /// <summary>d_k, the width of the alignment space.</summary>
    public int AlignmentWidth { get; init; } = 64;

    /// <summary>Name in the cache: 16 digits that change with anything in it, and with the weights it begins with.</summary>
    /// <exception cref="ArgumentException">There is no such task.</exception>
    [JsonIgnore]
    public string Key
    {
        get
        {
            var text = JsonSerializer.Serialize(this, ExperimentJson.Line) + "|" + ExperimentTask.Of(Task).Begins;
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
        }
    }

    /// <summary>The command that runs the experiment.</summary>
    [JsonIgnore]
    public string Command => "./kit experiment" + string.Create(
        CultureInfo.InvariantCulture,
        $" --task {Task} --method \"{Method}\" --reduce {ReduceRatio} --seed {Seed} --examples {TrainExamples}"
        + $"{(Epochs is { } passes ? $" --epochs {passes}" : "")} --learning-rate {LearningRate}"
        + $" --learnable-tokens {LearnableTokens} --alignment-width {AlignmentWidth}");

    /// <summary>The experiment in a few words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Task} {Method} {ReduceRatio} seed {Seed}")
        + (Epochs is { } passes ? $", {passes} passes" : "");
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

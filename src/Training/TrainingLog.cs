using System.Text.Json.Serialization;
using Madtp.Kit.Data;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>A training log as a file of JSON lines.</summary>
public static class TrainingLog
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static string Line(TrainingRecord record) => JsonSerializer.Serialize(record, Options);

    /// <summary>Reads a log; a last line that was cut off is left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line is not a record; the message names it.</exception>
    public static IReadOnlyList<TrainingRecord> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"there is no training log at '{path}'", path);

        var lines = File.ReadAllLines(path);
        var records = new List<TrainingRecord>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            try
            {
                records.Add(JsonSerializer.Deserialize<TrainingRecord>(lines[i], Options) ?? throw new JsonException("null"));
            }
            catch (JsonException) when (i == lines.Length - 1)
            {
                break; // the process was ended in the middle of the line
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"'{path}', line {i + 1} is no record of a training: {JsonRecord.Reason(e)}", e);
            }
        }

        return records;
    }

    /// <summary>Appends one record.</summary>
    /// <exception cref="IOException">It cannot be written, as on a full disk; the log is as before.</exception>
    internal static void Append(string path, TrainingRecord record)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        AtomicFile.Append(file, Encoding.UTF8.GetBytes(Line(record) + "\n"), flushToDisk: false);
    }

    /// <summary>Takes back every line after a step: those that an interrupted run wrote beyond its last checkpoint.</summary>
    internal static void CutAfter(string path, int step)
    {
        if (!File.Exists(path))
            return;

        var kept = Read(path).Where(record => record.Step <= step).Select(record => Line(record) + "\n");
        AtomicFile.Write(path, string.Concat(kept));
    }
}

/// <summary>One line of a training log. What does not apply is left out of the file.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Epoch">The epoch that the last of them belongs to, from 1.</param>
/// <param name="Loss">The objective, mean over the steps since the last line.</param>
/// <param name="Task">L_task.</param>
/// <param name="Alignment">L_sim, without its weight.</param>
/// <param name="Auxiliary">The auxiliary loss, without its weight.</param>
/// <param name="Accuracy">Share of the training examples answered right since the last line.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping, mean over the steps.</param>
/// <param name="ImageTokens">Tokens that leave the image encoder, mean.</param>
/// <param name="TextTokens">Tokens that leave the text encoder, mean.</param>
/// <param name="Strength">What the budget is met with: MADTP's temperature, a keep ratio.</param>
/// <param name="Macs">Multiply-accumulates of one example, mean.</param>
/// <param name="Validation">Accuracy on the validation examples; only in lines that end an epoch.</param>
/// <param name="Seconds">Seconds of training so far, interruptions left out.</param>
public sealed record TrainingRecord(
    int Step, int Epoch, double? Loss = null, double? Task = null, double? Alignment = null, double? Auxiliary = null,
    double? Accuracy = null, double? LearningRate = null, double? GradientNorm = null, double? ImageTokens = null,
    double? TextTokens = null, double? Strength = null, double? Macs = null, double? Validation = null, double Seconds = 0)
{
    /// <summary>Whether the line ends an epoch.</summary>
    [JsonIgnore]
    public bool EndsEpoch => Validation is not null;
}

/// <summary>How far a training is, for whoever shows it.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Latest">The newest line of the log; null before the first.</param>
/// <param name="IsNew">Whether this step wrote that line.</param>
/// <param name="Notice">What is to be told, such as that a damaged checkpoint was passed over; null for nothing.</param>
public sealed record TrainingProgress(int Step, int TotalSteps, TrainingRecord? Latest, bool IsNew, string? Notice = null)
{
    /// <summary>How long the rest will take, by what the logged steps took; null before the first line of the log.</summary>
    public TimeSpan? Left =>
        Latest is { Step: > 0 } line ? TimeSpan.FromSeconds(line.Seconds / line.Step * (TotalSteps - Step)) : null;

    /// <summary>The state in a line.</summary>
    public override string ToString()
    {
        var left = Left is { } time && Step < TotalSteps ? $", {TimeLeft.Of(time)}" : string.Empty;
        return FormattableString.Invariant($"step {Step} of {TotalSteps}{left}");
    }
}

/// <summary>How a training ended.</summary>
/// <param name="Completed">False where it was stopped before its last step and may be resumed.</param>
public sealed record TrainingResult(int Steps, bool Completed, IReadOnlyList<TrainingRecord> Records);

/// <summary>Means over the steps between two lines of the log; losses are summed on their device and read once.</summary>
internal sealed class StepAverages
{
    private Tensor? sums; // [5]: objective, L_task, right answers, L_sim, auxiliary loss
    private int parts;
    private int steps;
    private double norm;
    private (bool Alignment, bool Auxiliary) has;
    private double? imageTokens;
    private double textTokens;
    private double? macs;

    /// <summary>Adds what a batch, or a part of it, came to.</summary>
    public void Add(Tensor total, StepLosses losses)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var none = zeros_like(total);
        var row = stack([total, losses.Task, losses.Correct, losses.Alignment ?? none, losses.Auxiliary ?? none]);
        sums ??= zeros_like(row).DetachFromDisposeScope();
        sums.add_(row);
        parts++;
        has = (has.Alignment || losses.Alignment is not null, has.Auxiliary || losses.Auxiliary is not null);
        imageTokens = losses.ImageTokens is { } image ? image + (imageTokens ?? 0) : imageTokens;
        textTokens += losses.TextTokens ?? 0;
        macs = losses.Macs is { } spent ? spent + (macs ?? 0) : macs;
    }

    /// <summary>Ends a step.</summary>
    /// <returns>Whether everything summed is a finite number. The norm has been waited for by now, so that reading the losses
    /// waits for nothing more.</returns>
    public bool Step(double gradientNorm)
    {
        steps++;
        norm += gradientNorm;
        using var read = sums!.cpu();
        return double.IsFinite(norm) && read.data<float>().All(float.IsFinite);
    }

    public TrainingRecord Take()
    {
        using var read = sums!.cpu();
        using var all = tensor((double[])[.. read.data<float>(), imageTokens ?? 0, textTokens, macs ?? 0]);
        Ranks.Sum([all]);
        parts *= Ranks.Count;
        var values = all.data<double>().ToArray();
        var record = new TrainingRecord(0, 0)
        {
            Loss = Mean(values[0]),
            Task = Mean(values[1]),
            Accuracy = Mean(values[2]),
            Alignment = has.Alignment ? Mean(values[3]) : null,
            Auxiliary = has.Auxiliary ? Mean(values[4]) : null,
            GradientNorm = Math.Round(norm / steps, 6),
            ImageTokens = imageTokens is null ? null : Mean(values[5]),
            TextTokens = imageTokens is null ? null : Mean(values[6]),
            Macs = macs is null ? null : Math.Round(values[7] / parts),
        };
        sums!.Dispose();
        (sums, parts, steps, norm, has, imageTokens, textTokens, macs) = (null, 0, 0, 0, default, null, 0, null);
        return record;
    }

    // Six digits are more than anyone reads and keep lines short.
    private double Mean(double sum) => Math.Round(sum / parts, 6);
}

/// <summary>How long something will still take, as people are told.</summary>
public static class TimeLeft
{
    /// <summary>"00:01:12 left", from a day on "1.02:03:04 left".</summary>
    public static string Of(TimeSpan time) => $"{TimeSpan.FromSeconds((long)time.TotalSeconds):c} left";
}

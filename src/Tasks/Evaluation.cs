using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>How well a model answers, and at what cost.</summary>
/// <param name="Accuracy">The main score, 0 to 1: share right, VQA's accuracy, mean recall at 1; for captions CIDEr-D.</param>
/// <param name="Macs">Multiply-accumulates of one example, mean over the examples ('paper' accounting).</param>
/// <param name="DenseMacs">The same of the plain model on the same examples.</param>
/// <param name="Strength">The method's strength, as <see cref="StrengthIs"/> says; null where nothing is reduced.</param>
/// <param name="StrengthIs">MADTP's <c>temperature</c> T or others' <c>keep ratio</c>; null without reduction.</param>
/// <param name="Calibration">How the strength was found; null where it was given.</param>
/// <param name="Submission">The file that the task's official evaluation reads; null where none was written.</param>
/// <param name="Resumed">Examples that an earlier run had answered already.</param>
public sealed record Evaluation(
    string Split, int Examples, double Accuracy, double Macs, double DenseMacs, double? Strength = null,
    string? StrengthIs = null, CalibrationResult? Calibration = null, string? Submission = null, int Resumed = 0)
{
    /// <summary>Every score as the field names and gives it, in the order of reports; none where answers are secret.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Scores { get; init; } = [];

    /// <summary>Single scores as shares, such as recalls or the accuracy of a kind of example; may be empty.</summary>
    public IReadOnlyDictionary<string, double> ByKind { get; init; } = new Dictionary<string, double>();

    /// <summary>Tokens after each reducing layer of each encoder, mean over the examples that were answered just now.</summary>
    public IReadOnlyDictionary<string, double> Tokens { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of the plain model's multiply-accumulates that is left, 0 to 1.</summary>
    public double MacShare => Macs / DenseMacs;
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Done">Examples done, those of earlier runs included.</param>
public readonly record struct EvaluationProgress(string Step, int Done, int Total);

/// <summary>What is given away at random, to show that a model needs it.</summary>
public enum Shuffle
{
    None,
    /// <summary>Every text gets the images of another example.</summary>
    Images,
    /// <summary>Every image gets the text of another example.</summary>
    Text,
}

/// <summary>How a split is scored.</summary>
public sealed record Scoring
{
    /// <summary>Scores the first examples only.</summary>
    public int? Limit { get; init; }

    /// <summary>Examples answered at once; the task's own number if null.</summary>
    public int? BatchSize { get; init; }

    public Shuffle Shuffle { get; init; }

    /// <summary>Takes answers and submission, so that a run that was cut off goes on; nothing is written if null.</summary>
    public string? Folder { get; init; }

    public IProgress<EvaluationProgress>? Progress { get; init; }

    /// <summary>Stops it after the batch in hand.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Answers examples in batches, but for those whose answers an earlier run has left in the folder. Ranks take the
    /// batches by turns; each has all answers in the end.</summary>
    /// <param name="batchSize">Examples answered at once, where the settings do not say.</param>
    /// <param name="step">What is done; names the file of answers.</param>
    /// <param name="answer">Answers the examples of some numbers; what they cost is in the trace.</param>
    /// <exception cref="OperationCanceledException">It was stopped; what is answered stays.</exception>
    internal Answered<T> Answers<T>(
        int count, int batchSize, string step, TokenReduction? reduction, Func<int[], ReductionTrace?, IEnumerable<T>> answer)
        where T : class
    {
        var batch = BatchSize ?? batchSize;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        using var off = no_grad();
        var path = Folder is null || !Ranks.IsFirst ? null : Path.Combine(Folder, $"{step}.jsonl");
        using var log = ResultLog<T>.Open(path, batch, count);
        if (Ranks.Count > 1 && Ranks.Gather(Ranks.IsFirst ? log.Finished : [])[0] is var earlier && !Ranks.IsFirst)
            log.Append(earlier);

        using var trace = reduction?.Record();
        var tokens = new Dictionary<string, (double Sum, int Count)>();
        var resumed = log.Finished.Count;
        Progress?.Report(new EvaluationProgress(step, resumed, count));
        while (log.Finished.Count < count)
        {
            if (Ranks.Any(Cancellation.IsCancellationRequested))
                throw new OperationCanceledException(Cancellation);

            T[] own = [];
            using (NewDisposeScope())
            {
                var from = log.Finished.Count + (Ranks.Rank * batch);
                own = from >= count ? [] : [.. answer([.. Enumerable.Range(from, Math.Min(batch, count - from))], trace)];
            }

            log.Append([.. Ranks.Gather(own).SelectMany(answers => answers)]);
            var left = (trace?.Steps ?? []).GroupBy(layer => $"{layer.Encoder}.{layer.Layer}").ToDictionary(
                layer => layer.Key,
                layer => new[] { layer.Sum(one => one.TokensPerSample.Sum()), layer.Sum(one => one.TokensPerSample.Count) });
            foreach (var (layer, seen) in Ranks.Gather(left).SelectMany(each => each))
            {
                var (sum, images) = tokens.GetValueOrDefault(layer);
                tokens[layer] = (sum + seen[0], images + seen[1]);
            }

            trace?.Clear();
            Progress?.Report(new EvaluationProgress(step, log.Finished.Count, count));
        }

        var means = tokens.ToDictionary(layer => layer.Key, layer => layer.Value.Sum / layer.Value.Count);
        return new Answered<T>([.. log.Finished], means, resumed, reduction?.Temperature);
    }

    /// <summary>Writes a submission into the folder.</summary>
    /// <returns>The file; null where there is no folder.</returns>
    internal string? Submit(string name, Action<string> write)
    {
        var path = Folder is null ? null : Path.Combine(Folder, name);
        if (path is not null)
            Ranks.First(() => write(path));

        return path;
    }
}

/// <summary>Answers to a split's first examples, in order, and what <see cref="Evaluation"/> says of them all.</summary>
internal sealed record Answered<T>(IReadOnlyList<T> All, IReadOnlyDictionary<string, double> Tokens, int Resumed,
    double? Strength)
{
    /// <summary>What the answers come to; single scores and the submission are the task's.</summary>
    public Evaluation Evaluation(string split, int examples, double accuracy, double macs, double denseMacs) =>
        new(split, examples, accuracy, macs, denseMacs) { Strength = Strength, Tokens = Tokens, Resumed = Resumed };
}

/// <summary>What was answered to an example.</summary>
/// <param name="Right">Whether it is right, where the example tells; else null.</param>
internal sealed record Answer(string Text, bool? Right, double Macs, double DenseMacs);

using System.Text.Json;
using Madtp.Kit.Compression;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Training;

namespace Madtp.Kit.FineTuning;

/// <summary>
/// Fine-tunes a checkpoint on a task's real files, with tokens reduced to a budget where one is given: the same for the toy world's
/// files and for the published ones. A run that was cut off goes on to the bit on the same device and ends with the same weights.
/// </summary>
public static class FineTuner
{
    /// <summary>What the trained weights' file is called.</summary>
    public const string WeightsName = "weights.safetensors";

    private static readonly Dictionary<string, Func<FineTuningSettings, FineTuningRun>> Runs = new(StringComparer.Ordinal)
    {
        ["clip"] = settings => new ClipFineTuning(settings),
        ["retrieval"] = settings => new RetrievalFineTuning(settings),
        ["caption"] = settings => new CaptionFineTuning(settings),
        ["vqa"] = settings => new VqaFineTuning(settings),
    };

    /// <summary>The tasks by name.</summary>
    public static IReadOnlyList<string> Tasks { get; } = [.. Runs.Keys];

    /// <summary>Fine-tunes, or goes on with it; then calibrates once more where there is a budget, writes the weights and scores them.</summary>
    /// <param name="task">One of <see cref="Tasks"/>.</param>
    /// <param name="settings">What and how.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="scoring">Told how far the scoring is.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The report; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">There is no such task, or a setting is impossible.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, does not fit the task, or the folder holds another run.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="OperationCanceledException">The scoring was stopped.</exception>
    public static FineTuningReport? Run(string task, FineTuningSettings settings, Action<TrainingProgress>? progress = null, IProgress<EvaluationProgress>? scoring = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!Runs.TryGetValue(task, out var open))
        {
            throw new ArgumentException($"no task '{task}'; there are {string.Join(", ", Tasks)}", nameof(task));
        }

        if (settings.MacShare is not (null or (> 0 and < 1)))
        {
            throw new ArgumentException(FormattableString.Invariant($"a share of multiply-accumulates lies between 0 and 1, not at {settings.MacShare}"));
        }

        if (settings.PrunesParameters && (settings.MacShare is null || settings.TrainExamples == 0))
        {
            throw new ArgumentException($"{FineTuningSettings.UPop} finds what to prune by training: it needs a share of multiply-accumulates below 1 and examples to train on");
        }

        return Train(task, settings, open, progress, cancellation) is not { } report ? null
            : report with { Scores = Splits(task, settings).ToDictionary(split => split, split => Score(report, settings, split, scoring, cancellation)) };
    }

    private static FineTuningReport? Train(string task, FineTuningSettings settings, Func<FineTuningSettings, FineTuningRun> open, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        using var run = open(settings);
        Identity(task, settings, run).Claim(settings.Output, fresh: !settings.Resume);
        var weights = Path.Combine(settings.Output, WeightsName);
        if (settings.PrunesParameters)
        {
            return Compress(task, settings, run, weights, progress, cancellation);
        }

        var result = settings.TrainExamples == 0
            ? new TrainingResult(0, Completed: true, [])
            : new Trainer(run.Task, settings.Recipe.Training, settings.Output).Run(progress, settings.Resume, cancellation);
        if (!result.Completed)
        {
            return null;
        }

        var calibration = settings.MacShare is null ? null : run.Task.Calibrate();
        run.Save(weights, result.Steps);
        return new FineTuningReport(task, weights, result.Steps, run.Task.Validate(), calibration, new Dictionary<string, EvaluationReport>());
    }

    private static FineTuningReport? Compress(string task, FineTuningSettings settings, FineTuningRun run, string weights, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var upop = UPopTraining.Of(new UPopSettings { MacShare = settings.MacShare!.Value }, settings.Recipe.Training);
        if (run.Compress(new UPopRun(upop, settings.Output) { Resume = settings.Resume, Progress = progress, Cancellation = cancellation }) is not var (smaller, watched, steps))
        {
            return null;
        }

        run.Save(weights, steps, smaller);
        return new FineTuningReport(task, weights, steps, watched, null, new Dictionary<string, EvaluationReport>());
    }

    private static EvaluationReport Score(FineTuningReport report, FineTuningSettings settings, string split, IProgress<EvaluationProgress>? progress, CancellationToken cancellation) =>
        Evaluator.Run(report.Task, new EvaluationSettings
        {
            Checkpoint = report.Weights,
            Data = settings.Data,
            Dataset = settings.Dataset,
            Split = split,
            Limit = settings.ScoredExamples,
            Output = Path.Combine(settings.Output, split),
            Fresh = !settings.Resume,
            Plain = !ReducesTokens(settings),
            Temperature = report.Calibration?.Temperature,
            Method = ReducesTokens(settings) ? settings.Method ?? Madtp.PruningMethod.Madtp : null,
            Vocabulary = settings.Vocabulary,
            Device = settings.Device,
        }, progress, cancellation);

    private static bool ReducesTokens(FineTuningSettings settings) => settings.MacShare is not null && !settings.PrunesParameters;

    // Of VQA v2 only val2014 has public answers; trained on those too, its test is what the server scores.
    private static IReadOnlyList<string> Splits(string task, FineTuningSettings settings) =>
        settings.ScoredSplits ?? (task != "vqa" ? ["test"] : settings.TrainOnValidation ? ["test-dev2015"] : ["val2014"]);

    private static RunIdentity Identity(string task, FineTuningSettings settings, FineTuningRun run)
    {
        var identity = new RunIdentity();
        identity.Add("task", task);
        identity.Add("data set", settings.Dataset);
        identity.Add("training examples", settings.TrainExamples);
        identity.Add("image size", settings.ImageSize);
        identity.Add("transform", settings.Transform?.ToString());
        identity.Add("share of multiply-accumulates", settings.MacShare);
        identity.Add("method", settings.PrunesParameters ? FineTuningSettings.UPop : settings.MacShare is null ? null : settings.Method?.Name);
        identity.Add("recipe", JsonSerializer.Serialize(settings.Recipe with { Training = settings.Recipe.Training with { StopAfterEpoch = null, StopAtAccuracy = null } }));
        identity.Add("learns val2014", settings.TrainOnValidation ? "yes" : null);
        identity.AddFile("checkpoint", settings.Checkpoint);
        foreach (var (number, input) in run.Inputs.Index())
        {
            identity.AddFile($"input {number + 1}", input);
        }

        return identity;
    }
}

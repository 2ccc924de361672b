using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>The part of an evaluation that is the same for every task: attach, calibrate, answer what is not answered yet, score.</summary>
/// <typeparam name="TExample">An example of the data set.</typeparam>
/// <typeparam name="TAnswer">What is kept of its answer.</typeparam>
internal abstract class EvaluationTask<TExample, TAnswer> : IDisposable
    where TAnswer : class, ICostedAnswer
{
    private readonly ImageCache calibrationImages = new();
    private TokenReduction? reduction;

    /// <summary>Opens the checkpoint; the model is made of it by the task.</summary>
    protected EvaluationTask(EvaluationSettings settings)
    {
        Settings = settings;
        Files = new TaskFiles(settings.Data);
        Checkpoint = CheckpointFile.Open(settings.Checkpoint);
    }

    /// <summary>What the command line calls the task.</summary>
    protected abstract string Name { get; }

    /// <summary>What one example is to the costs.</summary>
    protected abstract string CostOf { get; }

    /// <summary>The split that is evaluated.</summary>
    protected abstract string Split { get; }

    /// <summary>The model, in evaluation mode.</summary>
    protected abstract nn.Module Model { get; }

    /// <summary>The model as token reduction sees it.</summary>
    protected abstract IReducibleModel Reducible { get; }

    /// <summary>Side of the images that the model takes.</summary>
    protected abstract int ImageSize { get; }

    /// <summary>The files whose content decides the result, beside the checkpoint.</summary>
    protected abstract IEnumerable<string> Inputs { get; }

    /// <summary>The examples of the split.</summary>
    protected abstract IReadOnlyList<TExample> Examples { get; }

    /// <summary>The settings.</summary>
    protected EvaluationSettings Settings { get; }

    /// <summary>Where the data is found.</summary>
    protected TaskFiles Files { get; }

    /// <summary>The weights.</summary>
    protected CheckpointFile Checkpoint { get; }

    /// <summary>The run's folder; known once it runs.</summary>
    protected string Folder { get; private set; } = string.Empty;

    /// <summary>Told how far the run is.</summary>
    protected IProgress<EvaluationProgress>? Progress { get; private set; }

    /// <summary>Stops the run; what is finished stays.</summary>
    protected CancellationToken Cancellation { get; private set; }

    /// <summary>How tokens are reduced.</summary>
    protected PruningMethod Method => Settings.Method ?? (Checkpoint.Number("temperature") is null ? PruningMethod.Madtp : PruningMethod.ByTemperature(ReductionPolicy.Released));

    /// <summary>Runs the evaluation, or goes on with it.</summary>
    /// <exception cref="InvalidDataException">A file is malformed, or the folder holds another run.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public EvaluationReport Run(IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        (Progress, Cancellation) = (progress, cancellation);
        var identity = Identity();
        Folder = Settings.Output ?? KitFolder.File("artifacts", "evaluations", $"{Name}-{Path.GetFileNameWithoutExtension(Settings.Checkpoint)}-{Split}-{identity.Short}");
        identity.Claim(Folder, Settings.Fresh);
        Model.to(Settings.Device);
        Model.eval();
        using var off = inference_mode();
        var calibration = Attach();
        var answers = AnswerAll(Examples, "answers", batch => Answer(batch, reduction), out var resumed);
        var submission = Path.Combine(Folder, SubmissionName);
        WriteSubmission(submission, answers);
        return new EvaluationReport(Name, answers.Count, Score(answers, submission), answers.Average(a => a.Macs), answers.Average(a => a.DenseMacs))
        {
            Temperature = reduction?.Temperature,
            Calibration = calibration,
            CostOf = CostOf,
            Folder = Folder,
            Submission = submission,
            Resumed = resumed,
        };
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        reduction?.Dispose();
        Checkpoint.Dispose();
    }

    /// <summary>What the submission's file is called.</summary>
    protected abstract string SubmissionName { get; }

    /// <summary>An example's images.</summary>
    protected abstract IReadOnlyList<string> ImagePaths(TExample example);

    /// <summary>The first examples of another split, to calibrate on; null where it is absent.</summary>
    protected abstract IReadOnlyList<TExample>? CalibrationExamples();

    /// <summary>Answers a batch; costs are those of the trace where something is reduced.</summary>
    protected abstract IReadOnlyList<TAnswer> Answer(ImageBatch<TExample> batch, TokenReduction? reduction);

    /// <summary>Writes what the task's official evaluation reads.</summary>
    protected abstract void WriteSubmission(string path, IReadOnlyList<TAnswer> answers);

    /// <summary>Every score; none where the split has no answers.</summary>
    protected abstract IReadOnlyList<KeyValuePair<string, double>> Score(IReadOnlyList<TAnswer> answers, string submission);

    /// <summary>Adds what else the results depend on.</summary>
    protected virtual void Identify(RunIdentity identity)
    {
    }

    /// <summary>Goes through examples in batches, but for those whose results an earlier run has left.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="step">What is done; names the file of results.</param>
    /// <param name="answer">Does it.</param>
    /// <param name="resumed">How many results were there.</param>
    protected IReadOnlyList<TResult> AnswerAll<TResult>(IReadOnlyList<TExample> examples, string step, Func<ImageBatch<TExample>, IReadOnlyList<TResult>> answer, out int resumed)
        where TResult : class
    {
        using var log = ResultLog<TResult>.Open(Path.Combine(Folder, $"{step}.jsonl"), Settings.BatchSize, examples.Count);
        resumed = log.Finished.Count;
        Progress?.Report(new EvaluationProgress(step, resumed, examples.Count));
        if (resumed < examples.Count)
        {
            foreach (var batch in Loader(examples).Epoch(firstBatch: resumed / Settings.BatchSize, cancellation: Cancellation))
            {
                using (batch)
                using (NewDisposeScope())
                {
                    log.Append(answer(batch));
                }

                Progress?.Report(new EvaluationProgress(step, log.Finished.Count, examples.Count));
                Cancellation.ThrowIfCancellationRequested();
            }
        }

        return log.Finished;
    }

    /// <summary>As many examples as the settings ask for.</summary>
    protected IReadOnlyList<TExample> First(IReadOnlyList<TExample> all) => Settings.Limit is { } limit ? new FirstExamples<TExample>(all, limit) : all;

    private BatchLoader<TExample> Loader(IReadOnlyList<TExample> examples, Func<string, RgbImage>? load = null) =>
        new(examples, ImagePaths, new BatchSettings(Settings.BatchSize, new EvaluationTransform(ImageSize)), load);

    private RunIdentity Identity()
    {
        var identity = new RunIdentity();
        identity.Add("task", Name);
        identity.Add("split", Split);
        identity.Add("limit", Settings.Limit);
        identity.Add("batch size", Settings.BatchSize);
        identity.Add("image size", ImageSize);
        identity.AddFile("checkpoint", Settings.Checkpoint);
        foreach (var (number, input) in Inputs.Index())
        {
            identity.AddFile($"input {number + 1}", input);
        }

        if (IsReduced)
        {
            identity.Add("method", Method.Name);
            identity.Add(Method.Dial, Settings.MacShare is null ? Dial : null);
            identity.Add("share of multiply-accumulates", Settings.MacShare);
            identity.Add("calibration examples", Settings.MacShare is null ? null : Settings.CalibrationExamples);
        }

        Identify(identity);
        return identity;
    }

    private bool IsReduced => !Settings.Plain && (Settings.MacShare is not null || Dial is not null);

    // The checkpoint's own: beside the weights in the kit's files, among them in the authors'.
    private double? Dial => Settings.Temperature ?? Checkpoint.Number("temperature")
        ?? (Checkpoint.Metadata.TryGetValue("temperature", out var own) ? double.Parse(own, CultureInfo.InvariantCulture) : null);

    private CalibrationResult? Attach()
    {
        if (!IsReduced)
        {
            return null;
        }

        if (Reducible.ReducibleEncoders.All(encoder => encoder.SpaceDict is null))
        {
            throw new InvalidDataException($"{Checkpoint.Path} has no alignment guidance (space_dict), by which MADTP chooses tokens: it was not trained for token reduction");
        }

        reduction = TokenReduction.Attach(Reducible, Method.Policy(1));
        reduction.GatherFeatures = false;
        if (Settings.MacShare is not { } share)
        {
            Method.Turn(reduction, Dial!.Value);
            return null;
        }

        var path = Path.Combine(Folder, "calibration.json");
        var result = File.Exists(path) ? JsonSerializer.Deserialize<CalibrationResult>(File.ReadAllBytes(path))! : Calibrate(share);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, result), flushToDisk: true);
        Method.Turn(reduction, result.Temperature);
        return result;
    }

    private CalibrationResult Calibrate(double share)
    {
        if (share is not (> 0 and < 1))
        {
            throw new ArgumentException(FormattableString.Invariant($"a share of multiply-accumulates lies between 0 and 1, not at {share}"));
        }

        var examples = new FirstExamples<TExample>(CalibrationExamples() ?? Examples, Settings.CalibrationExamples);
        var tried = 0;
        double CostAt(double dial)
        {
            Method.Turn(reduction!, dial);
            Progress?.Report(new EvaluationProgress("calibration", tried++, 0));
            var (macs, plain) = MeanCost(examples);
            return macs / plain;
        }

        return TemperatureCalibration.Find(CostAt, share, Method.Range);
    }

    private (double Macs, double Dense) MeanCost(IReadOnlyList<TExample> examples)
    {
        double macs = 0, dense = 0;
        foreach (var batch in Loader(examples, calibrationImages.Load).Epoch(cancellation: Cancellation))
        {
            using (batch)
            using (NewDisposeScope())
            {
                foreach (var answer in Answer(batch, reduction))
                {
                    macs += answer.Macs;
                    dense += answer.DenseMacs;
                }
            }
        }

        return (macs, dense);
    }
}

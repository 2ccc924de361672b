namespace Madtp.Kit.Evaluations;

/// <summary>
/// Scores a checkpoint on a task's real files: the same for the toy world's and for the published ones. Finished examples are kept,
/// so that a run that was cut off goes on where it stopped and ends with the same result.
/// </summary>
public static class Evaluator
{
    private static readonly Dictionary<string, Func<EvaluationSettings, IProgress<EvaluationProgress>?, CancellationToken, EvaluationReport>> Runs = new(StringComparer.Ordinal)
    {
        ["nlvr2"] = (settings, progress, cancellation) => Run(new NlvrEvaluation(settings), progress, cancellation),
        ["clip"] = (settings, progress, cancellation) => Run(new ClipEvaluation(settings), progress, cancellation),
        ["caption"] = (settings, progress, cancellation) => Run(new CaptionEvaluation(settings), progress, cancellation),
        ["vqa"] = (settings, progress, cancellation) => Run(new VqaEvaluation(settings), progress, cancellation),
        ["retrieval"] = (settings, progress, cancellation) => Run(new RetrievalEvaluation(settings), progress, cancellation),
    };

    /// <summary>The tasks by name.</summary>
    public static IReadOnlyList<string> Tasks { get; } = [.. Runs.Keys];

    /// <summary>Evaluates, or goes on with it.</summary>
    /// <param name="task">One of <see cref="Tasks"/>.</param>
    /// <param name="settings">What and how.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops it; what is finished stays for the next run.</param>
    /// <exception cref="ArgumentException">There is no such task, or a setting is impossible.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, does not fit the task, or the folder holds another run.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationReport Run(string task, EvaluationSettings settings, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.BatchSize);
        return Runs.TryGetValue(task, out var run)
            ? run(settings, progress, cancellation)
            : throw new ArgumentException($"no task '{task}'; there are {string.Join(", ", Tasks)}", nameof(task));
    }

    private static EvaluationReport Run<TExample, TAnswer>(EvaluationTask<TExample, TAnswer> task, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
        where TAnswer : class, ICostedAnswer
    {
        using (task)
        {
            return task.Run(progress, cancellation);
        }
    }
}

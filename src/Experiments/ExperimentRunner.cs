using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Runs one experiment, or finds its result.</summary>
public static class ExperimentRunner
{
    /// <summary>The experiment's result: from the cache, or by running it, going on where an earlier run was stopped.</summary>
    /// <param name="cache">Where results are; the kit's if null.</param>
    /// <param name="runs">Where unfinished runs are; the kit's if null.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <param name="fresh">Whether it is run although a result is there, which the new one takes the place of.</param>
    /// <exception cref="FileNotFoundException">Data or checkpoints are not there; the message lists them.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="IOException">Another process is running the experiment.</exception>
    public static ExperimentResult Run(
        Experiment experiment, RunCache? cache = null, string? runs = null, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default, bool fresh = false) =>
        Try(experiment, cache ?? RunCache.Default, runs ?? new GridSettings().Runs, progress, cancellation, fresh)
        ?? throw new IOException($"'{experiment}' is being run by another process: its result is there when that is done");

    /// <summary>The same; null where another process is running the experiment.</summary>
    internal static ExperimentResult? Try(
        Experiment experiment, RunCache cache, string runs, Action<TrainingProgress>? progress, CancellationToken cancellation,
        bool fresh = false)
    {
        experiment.RequirePossible();

        // Others may keep it at any moment.
        bool IsKept() => Ranks.Gather(!fresh && cache.Find(experiment) is not null)[0];
        if (IsKept())
            return cache.Find(experiment);

        var task = ExperimentTask.Of(experiment.Task);
        task.RequireInputs();

        // Other code may train otherwise: what it left unfinished is not gone on with, except by that code. The lock lies beside
        // that of the run in the same folder, and is held until the result is kept.
        var folder = Path.Combine(runs, $"{experiment.Key}-{FileDigest.OfLibrary}");
        using var alone = Ranks.IsFirst ? FolderLock.TryTake(folder, "lock") : null;
        if (Ranks.Any(Ranks.IsFirst && alone is null))
            return null;

        if (IsKept())
        {
            Ranks.First(() => Delete(folder)); // made anew, after its last user was done with it
            return cache.Find(experiment);
        }

        var watch = Stopwatch.StartNew();
        var report = task.Run(experiment, folder, progress, cancellation)
            ?? throw new OperationCanceledException($"'{experiment}' was stopped; run it again to go on", cancellation);
        var result = Result(experiment, task, report) with { Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) };
        Ranks.First(() =>
        {
            cache.Keep(result);
            Delete(folder); // while the lock is held: nobody has begun to work in it
        });
        return result;
    }

    // Another that was let in after the last user, and found the result as well, may be first.
    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    private static ExperimentResult Result(Experiment experiment, ExperimentTask task, RunReport report)
    {
        var test = report.Scores.Values.Single();
        return new(experiment)
        {
            Test = test.Accuracy,
            Dev = report.Watched.Accuracy,
            Scores = test.ByKind,
            Macs = Math.Round(test.Macs),
            DenseMacs = Math.Round(test.DenseMacs),
            Strength = report.Calibration?.Value,
            BudgetMet = Methods.Of(experiment.Method).PrunesParameters
                ? test.MacShare <= 1 - experiment.ReduceRatio + 0.01
                : report.Calibration?.Reached ?? true,
            Tokens = test.Tokens,
            Threads = get_num_threads(),
            Device = task.ChoosesDevice && PaperMachine.Device is { type: not TorchSharp.DeviceType.CPU } gpu
                ? ComputeDevice.Describe(gpu) : null,
            Libtorch = NativeLibraries.Version,
            Command = experiment.Command,
            Code = FileDigest.OfLibrary,
            Data = task.DataDigest(),
            Date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
    }
}

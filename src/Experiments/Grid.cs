using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Experiments that differ in a few things, every combination of them.
/// </summary>
/// <example>
/// <code>
/// Grid.Of(new Experiment { ReduceRatio = 0.5 })
///     .Vary((e, method) => e with { Method = method }, "MADTP", "EViT")
///     .Vary((e, seed) => e with { Seed = seed }, 1L, 2L, 3L)
/// </code>
/// </example>
public sealed class Grid
{
    private Grid(IEnumerable<Experiment> experiments) => Experiments = [.. experiments.Distinct()];

    /// <summary>What <c>./kit sweep</c> calls the grids of the paper's tables.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. PaperTable.Numbers.Select(number => $"table{number}")];

    /// <summary>The experiments, each once, the last thing varied fastest.</summary>
    public IReadOnlyList<Experiment> Experiments { get; }

    /// <summary>A grid of the given experiments.</summary>
    public static Grid Of(params Experiment[] experiments) => new(experiments);

    /// <summary>The grid of one of the paper's tables at the current scale, or that of a file.</summary>
    /// <param name="nameOrPath">One of <see cref="Names"/>, or a JSON file: an array of what differs from the usual.</param>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    /// <exception cref="InvalidDataException">The file holds no experiments; the message says where.</exception>
    public static Grid Open(string nameOrPath)
    {
        if (Names.Contains(nameOrPath))
        {
            return PaperTable.Of(nameOrPath[^1] - '0').Grid;
        }

        if (!File.Exists(nameOrPath))
        {
            var names = string.Join(", ", Names);
            throw new FileNotFoundException($"'{nameOrPath}' is neither a file nor a grid; the grids are {names}", nameOrPath);
        }

        try
        {
            var list = JsonSerializer.Deserialize<Experiment[]>(File.ReadAllBytes(nameOrPath), ExperimentJson.Page);
            return list is { Length: > 0 }
                ? new(list)
                : throw new InvalidDataException($"'{nameOrPath}' holds no experiments");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{nameOrPath}', line {e.LineNumber + 1}: {e.Message}", e);
        }
    }

    /// <summary>Each experiment with each of the values.</summary>
    /// <param name="with">An experiment with a value.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public Grid Vary<T>(Func<Experiment, T, Experiment> with, params T[] values) => values.Length > 0
        ? new(Experiments.SelectMany(experiment => values.Select(value => with(experiment, value))))
        : throw new ArgumentException("a grid varies over at least one value", nameof(values));

    /// <summary>This grid's experiments and those of another.</summary>
    public Grid And(Grid other) => new(Experiments.Concat(other.Experiments));

    /// <summary>Runs what has no result yet, in parallel processes, and gives all results in the grid's order.</summary>
    /// <param name="settings">Where results are kept and how many processes run; the usual if null.</param>
    /// <param name="progress">Told whenever something changes.</param>
    /// <param name="cancellation">Ends the running processes; what they did is resumed by the next call.</param>
    /// <exception cref="InvalidOperationException">An experiment failed; the message holds what it said.</exception>
    public IReadOnlyList<ExperimentResult> Run(
        GridSettings? settings = null, Action<GridProgress>? progress = null, CancellationToken cancellation = default) =>
        new GridRunner(settings ?? new GridSettings()).Run(Experiments, progress, cancellation);
}

/// <summary>How a grid is run.</summary>
public sealed record GridSettings
{
    /// <summary>Where results are.</summary>
    public RunCache Cache { get; init; } = RunCache.Default;

    /// <summary>Where unfinished runs keep their checkpoints, a folder for each experiment.</summary>
    public string Runs { get; init; } = KitFolder.File("artifacts", "runs", "experiments");

    /// <summary>
    /// Processes at once; 0 runs one after another in this process. Usually one for each core, at the paper's scale one in all:
    /// it has the GPU to itself.
    /// </summary>
    public int Jobs { get; init; } = UsualJobs(Scale.Current);

    /// <summary>What a process runs, before <c>LIST --index N --cache FOLDER --runs FOLDER</c>.</summary>
    public IReadOnlyList<string> Command { get; init; } = [KitFolder.File("kit"), "sweep"];

    /// <summary>Processes at once at a scale.</summary>
    internal static int UsualJobs(ExperimentScale scale) => scale == ExperimentScale.Paper ? 1 : Environment.ProcessorCount;
}

/// <summary>Where a grid stands.</summary>
/// <param name="Done">Experiments with a result.</param>
/// <param name="Total">All experiments.</param>
/// <param name="Running">Those being run.</param>
/// <param name="Left">How long the rest will take, by those done so far; null before the first is done.</param>
public sealed record GridProgress(int Done, int Total, IReadOnlyList<Experiment> Running, TimeSpan? Left)
{
    /// <summary>The state in a line.</summary>
    public override string ToString()
    {
        var left = Left is { } time ? FormattableString.Invariant($", {time:hh\\:mm\\:ss} left") : string.Empty;
        var running = Running.Count == 0 ? string.Empty : $"; running {string.Join(", ", Running)}";
        return $"{Done} of {Total} experiments{left}{running}";
    }
}

/// <summary>Runs the experiments of a grid that have no result, each in a process of its own.</summary>
internal sealed class GridRunner(GridSettings settings)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public IReadOnlyList<ExperimentResult> Run(
        IReadOnlyList<Experiment> experiments, Action<GridProgress>? progress, CancellationToken cancellation)
    {
        var found = experiments.Select(settings.Cache.Find).ToArray();
        int[] missing = [.. Enumerable.Range(0, experiments.Count).Where(i => found[i] is null)];
        var watch = Stopwatch.StartNew();
        Report(0, []);
        foreach (var task in missing.Select(i => experiments[i].Task).Distinct())
        {
            ExperimentTask.Of(task).RequireInputs();
        }

        if (settings.Jobs <= 0)
        {
            foreach (var (done, i) in missing.Index())
            {
                found[i] = ExperimentRunner.Run(experiments[i], settings.Cache, settings.Runs, cancellation: cancellation);
                Report(done + 1, []);
            }
        }
        else if (missing.Length > 0)
        {
            InProcesses(experiments, missing, Report, cancellation);
        }

        return [.. experiments.Select((experiment, i) => found[i] ?? settings.Cache.Find(experiment)!)];

        void Report(int done, IReadOnlyList<int> running) => progress?.Invoke(new GridProgress(
            experiments.Count - missing.Length + done,
            experiments.Count,
            [.. running.Select(i => experiments[i])],
            done == 0 ? null : watch.Elapsed / done * (missing.Length - done)));
    }

    private void InProcesses(
        IReadOnlyList<Experiment> experiments, int[] missing, Action<int, IReadOnlyList<int>> report, CancellationToken stop)
    {
        Directory.CreateDirectory(settings.Runs);
        var list = Path.Combine(settings.Runs, $"grid-{Guid.NewGuid():N}.json");
        File.WriteAllText(list, JsonSerializer.Serialize(experiments, ExperimentJson.Page));
        var waiting = new Queue<int>(missing);
        var running = new Dictionary<int, (Process Process, StringBuilder Said)>();
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                stop.ThrowIfCancellationRequested();
                while (waiting.Count > 0 && running.Count < settings.Jobs)
                {
                    running.Add(waiting.Peek(), Start(list, waiting.Dequeue()));
                    report(missing.Length - waiting.Count - running.Count, [.. running.Keys]);
                }

                Thread.Sleep(Look);
                foreach (var (index, (process, said)) in running.Where(one => one.Value.Process.HasExited).ToArray())
                {
                    process.WaitForExit(); // until all is read that it said
                    if (process.ExitCode != 0)
                    {
                        var why = said.ToString().Trim();
                        throw new InvalidOperationException(
                            $"the experiment '{experiments[index]}' failed (exit code {process.ExitCode}): {why}");
                    }

                    running.Remove(index);
                    process.Dispose();
                    report(missing.Length - waiting.Count - running.Count, [.. running.Keys]);
                }
            }
        }
        finally
        {
            foreach (var (process, _) in running.Values)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                process.Dispose();
            }

            File.Delete(list);
        }
    }

    private (Process Process, StringBuilder Said) Start(string list, int index)
    {
        string[] place = [list, "--index", index.ToString(CultureInfo.InvariantCulture)];
        string[] arguments = [.. settings.Command.Skip(1), .. place, "--cache", settings.Cache.Folder, "--runs", settings.Runs];
        var process = new Process
        {
            StartInfo = new(settings.Command[0], arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        // Small tensors gain little from threads: one experiment on each core is faster than two cores on each experiment.
        var threads = Math.Max(1, Environment.ProcessorCount / settings.Jobs);
        process.StartInfo.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        process.StartInfo.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        var said = new StringBuilder();
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return (process, said);

        void Note(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.Append(line.Data).Append(line.Data is null ? "" : "\n");
            }
        }
    }
}

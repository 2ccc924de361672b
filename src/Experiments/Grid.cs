using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text;
using Madtp.Kit.Data;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments that differ in a few things, every combination of them.</summary>
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

    private const string Questions = "questions", Decoys = "table2-decoys";

    /// <summary>What <c>./kit sweep</c> calls the grids of the paper's tables, and of the questions to the world with
    /// decoys.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. PaperTable.Numbers.Select(number => $"table{number}"), Decoys,
        .. Question.All.Select(question => question.Name), Questions,
    ];

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
            return nameOrPath == Questions ? Question.Together : nameOrPath == Decoys ? PaperTable.Decoys
                : Question.All.FirstOrDefault(question => question.Name == nameOrPath) is { } asked ? asked.Grid
                : PaperTable.Of(nameOrPath[^1] - '0').Grid;
        }

        if (!File.Exists(nameOrPath))
        {
            var names = string.Join(", ", Names);
            throw new FileNotFoundException($"'{nameOrPath}' is neither a file nor a grid; the grids are {names}", nameOrPath);
        }

        try
        {
            var list = JsonSerializer.Deserialize<Experiment[]>(File.ReadAllBytes(nameOrPath), ExperimentJson.Page);
            return list is { Length: > 0 } && !list.Contains(null)
                ? new(list)
                : throw new InvalidDataException($"'{nameOrPath}' holds no experiments, or an entry is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{nameOrPath}', line {e.LineNumber + 1}: {JsonRecord.Reason(e)}", e);
        }
    }

    /// <summary>Each experiment with each of the values.</summary>
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

    /// <summary>Runs one experiment in this process: what the processes of <see cref="Run"/> do.</summary>
    /// <param name="index">Its place in the grid, from 0.</param>
    /// <param name="settings">Where results are kept; the usual if null.</param>
    /// <param name="cancellation">Stops after the step in hand, as does the end of a process that started this one.</param>
    /// <returns>The result; null where another process is running the experiment.</returns>
    /// <exception cref="ArgumentException">The grid has no such place.</exception>
    public ExperimentResult? RunOne(int index, GridSettings? settings = null, CancellationToken cancellation = default) =>
        index >= 0 && index < Experiments.Count
            ? GridRunner.RunOne(Experiments[index], settings ?? new GridSettings(), cancellation)
            : throw new ArgumentException($"--index {index}: the list has the places 0 to {Experiments.Count - 1}");
}

/// <summary>How a grid is run.</summary>
public sealed record GridSettings
{
    /// <summary>The exit code of a process whose experiment another one is running.</summary>
    public const int Busy = 75;

    /// <summary>Where results are.</summary>
    public RunCache Cache { get; init; } = RunCache.Default;

    /// <summary>Where unfinished runs keep their checkpoints, a folder for each experiment.</summary>
    public string Runs { get; init; } = KitFolder.File("artifacts", "runs", "experiments");

    /// <summary>Processes at once; 0 runs one after another in this process. Usually one for each core, at the paper's scale one
    /// in all: it has the GPU to itself.</summary>
    public int Jobs { get; init; } = UsualJobs(Scale.Current);

    /// <summary>What a process runs, before <c>LIST --index N --cache FOLDER --runs FOLDER</c>. It ends with <see cref="Busy"/>
    /// where another process is running the experiment, and stops when its standard input ends: then this one is gone, or is to
    /// stop itself.</summary>
    public IReadOnlyList<string> Command { get; init; } = [KitFolder.File("kit"), "sweep"];

    /// <summary>Processes at once at a scale.</summary>
    internal static int UsualJobs(ExperimentScale scale) => scale == ExperimentScale.Paper ? 1 : Environment.ProcessorCount;
}

/// <summary>Where a grid stands.</summary>
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
    // Set for the processes of a grid: they look whether their standard input ends.
    private const string ChildVariable = "KIT_SWEEP_CHILD";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BusyLook = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    public static ExperimentResult? RunOne(Experiment experiment, GridSettings settings, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (Environment.GetEnvironmentVariable(ChildVariable) is not null)
        {
            new Thread(() => StopWithParent(stop)) { IsBackground = true }.Start();
        }

        try
        {
            return ExperimentRunner.Try(experiment, settings.Cache, settings.Runs, null, stop.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(
                $"'{experiment}' was stopped, since the sweep that it belongs to has ended; run that again to go on", e);
        }
    }

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
            InThisProcess();
        }
        else if (missing.Length > 0)
        {
            InProcesses(experiments, missing, Report, cancellation);
        }

        return [.. experiments.Select((experiment, i) => found[i] ?? settings.Cache.Find(experiment)!)];

        void InThisProcess()
        {
            var waiting = new Queue<int>(missing);
            while (waiting.TryDequeue(out var i))
            {
                found[i] = ExperimentRunner.Try(experiments[i], settings.Cache, settings.Runs, null, cancellation);
                if (found[i] is null)
                {
                    waiting.Enqueue(i); // another process is at it: the others first
                    cancellation.WaitHandle.WaitOne(Look);
                    cancellation.ThrowIfCancellationRequested();
                }
                else
                {
                    Report(missing.Length - waiting.Count, []);
                }
            }
        }

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
        AtomicFile.Write(list, stream => JsonSerializer.Serialize(stream, experiments, ExperimentJson.Page));
        var waiting = new Queue<int>(missing);
        var busy = new Dictionary<int, long>(); // when to look again at those that other processes are running
        var running = new Dictionary<int, (Process Process, StringBuilder Said)>();
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                stop.ThrowIfCancellationRequested();
                for (var tries = waiting.Count; tries > 0 && running.Count < settings.Jobs; tries--)
                {
                    var next = waiting.Dequeue();
                    if (busy.TryGetValue(next, out var again) && Environment.TickCount64 < again)
                    {
                        waiting.Enqueue(next);
                    }
                    else if (!busy.ContainsKey(next) || settings.Cache.Find(experiments[next]) is null)
                    {
                        running.Add(next, Start(list, next));
                        Report();
                    }
                }

                Thread.Sleep(Look);
                foreach (var (index, (process, said)) in running.Where(one => one.Value.Process.HasExited).ToArray())
                {
                    process.WaitForExit(); // until all is read that it said
                    if (process.ExitCode == GridSettings.Busy)
                    {
                        busy[index] = Environment.TickCount64 + (long)BusyLook.TotalMilliseconds;
                        waiting.Enqueue(index);
                    }
                    else if (process.ExitCode != 0)
                    {
                        // Ctrl+C reaches all processes of a terminal, this one perhaps a moment later.
                        stop.WaitHandle.WaitOne(process.ExitCode == 130 ? Look * 5 : TimeSpan.Zero);
                        stop.ThrowIfCancellationRequested();
                        var why = said.ToString().Trim();
                        throw new InvalidOperationException(
                            $"the experiment '{experiments[index]}' failed (exit code {process.ExitCode}): {why}");
                    }

                    running.Remove(index);
                    process.Dispose();
                    Report();
                }
            }
        }
        finally
        {
            Stop([.. running.Values.Select(one => one.Process)]);
            File.Delete(list);
        }

        void Report() => report(missing.Length - waiting.Count - running.Count, [.. running.Keys]);
    }

    // What they have done is kept where they can stop by themselves; it is less to do again.
    private static void Stop(IReadOnlyList<Process> processes)
    {
        foreach (var process in processes)
        {
            process.StandardInput.Close();
        }

        var watch = Stopwatch.StartNew();
        foreach (var process in processes)
        {
            var left = StopsWithin - watch.Elapsed;
            if (!process.WaitForExit(left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            process.Dispose();
        }
    }

    // The parent writes nothing: its end, however it came, ends the input.
    private static void StopWithParent(CancellationTokenSource stop)
    {
        using var input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // it is done
        }

        Thread.Sleep(StopsWithin * 3);
        Environment.Exit(1);
    }

    private (Process Process, StringBuilder Said) Start(string list, int index)
    {
        string[] place = [list, "--index", index.ToString(CultureInfo.InvariantCulture)];
        string[] arguments = [.. settings.Command.Skip(1), .. place, "--cache", settings.Cache.Folder, "--runs", settings.Runs];
        var process = new Process
        {
            StartInfo = new(settings.Command[0], arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.StartInfo.Environment[ChildVariable] = "1";
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

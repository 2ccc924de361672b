using Madtp.Kit.Data;

namespace Madtp.Kit.Experiments;

/// <summary>Runs the experiments of a grid that have no result, each in a process of its own.</summary>
internal sealed class GridRunner(GridSettings settings)
{
    // Set for the processes of a grid: they look whether their standard input ends.
    private const string ChildVariable = "KIT_SWEEP_CHILD";

    private const long BusyLook = 5000; // milliseconds
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    public ExperimentResult? RunOne(Experiment experiment, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (Environment.GetEnvironmentVariable(ChildVariable) is not null)
            new Thread(() => StopWithParent(stop)) { IsBackground = true }.Start();

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
        Guard.Argument(settings.Jobs > 0, $"a grid is run by one process at least, not by {settings.Jobs}");
        ExperimentResult?[] found = [.. experiments.Select(settings.Cache.Find)];
        Experiment[] missing = [.. experiments.Where((_, i) => found[i] is null)];
        var watch = Stopwatch.StartNew();
        Report(0, []);
        foreach (var task in missing.Select(experiment => experiment.Task).Distinct())
            ExperimentTask.Of(task).RequireInputs();

        if (missing.Length > 0)
            RunMissing(missing, Report, cancellation);

        return [.. experiments.Select((experiment, i) => found[i] ?? Computed(experiment))];

        void Report(int done, IEnumerable<int> running) => progress?.Invoke(new GridProgress(
            experiments.Count - missing.Length + done, experiments.Count, [.. running.Select(i => missing[i])],
            done == 0 ? null : watch.Elapsed / done * (missing.Length - done)));
    }

    private ExperimentResult Computed(Experiment experiment) => settings.Cache.Find(experiment) is { } result
        ? result with { Cached = false }
        : throw new IOException($"'{experiment}' was run, but {settings.Cache.Folder} has no result of it: was it deleted?");

    private void RunMissing(Experiment[] missing, Action<int, IEnumerable<int>> report, CancellationToken stop)
    {
        Directory.CreateDirectory(settings.Runs);
        var list = Path.Combine(settings.Runs, $"grid-{Guid.NewGuid():N}.json");
        AtomicFile.Write(list, stream => JsonSerializer.Serialize(stream, missing, ExperimentJson.Page));
        var waiting = new Queue<(int Index, long From)>(missing.Select((_, i) => (i, 0L))); // what others run is looked at later
        var running = new Dictionary<int, (Process Process, Task<string[]> Said)>();
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                stop.ThrowIfCancellationRequested();
                for (var tries = waiting.Count; tries > 0 && running.Count < settings.Jobs; tries--)
                {
                    var (next, from) = waiting.Dequeue();
                    if (Environment.TickCount64 < from)
                    {
                        waiting.Enqueue((next, from));
                    }
                    else if (from == 0 || settings.Cache.Find(missing[next]) is null)
                    {
                        running.Add(next, Start(list, next));
                        Report();
                    }
                }

                Thread.Sleep(Look);
                foreach (var (index, (process, said)) in running.Where(one => one.Value.Process.HasExited).ToArray())
                {
                    if (process.ExitCode == GridSettings.Busy)
                    {
                        waiting.Enqueue((index, Environment.TickCount64 + BusyLook));
                    }
                    else if (process.ExitCode != 0)
                    {
                        // Ctrl+C reaches all processes of a terminal, this one perhaps a moment later.
                        stop.WaitHandle.WaitOne(process.ExitCode == 130 ? Look * 5 : TimeSpan.Zero);
                        stop.ThrowIfCancellationRequested();
                        throw new InvalidOperationException($"the experiment '{missing[index]}' failed "
                            + $"(exit code {process.ExitCode}): {string.Concat(said.Result).Trim()}");
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

        void Report() => report(missing.Length - waiting.Count - running.Count, running.Keys);
    }

    // What they have done is kept where they can stop by themselves; it is less to do again.
    private static void Stop(IReadOnlyList<Process> processes)
    {
        foreach (var process in processes)
            process.StandardInput.Close();

        Task.WaitAll([.. processes.Select(process => process.WaitForExitAsync())], StopsWithin);
        foreach (var process in processes)
        {
            if (!process.HasExited)
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

    private (Process Process, Task<string[]> Said) Start(string list, int index)
    {
        string[] place = [list, "--index", index.ToString(CultureInfo.InvariantCulture)];
        string[] arguments = [.. settings.Command.Skip(1), .. place, "--cache", settings.Cache.Folder, "--runs", settings.Runs];
        // Small tensors gain little from threads: one experiment on each core is faster than two cores on each experiment.
        var threads = Math.Max(1, Environment.ProcessorCount / settings.Jobs);
        var process = Process.Start(new ProcessStartInfo(settings.Command[0], arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [ChildVariable] = "1",
                ["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture),
                ["OMP_WAIT_POLICY"] = "PASSIVE",
                ["GOMP_SPINCOUNT"] = "0",
            },
        })!;
        return (process, Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()));
    }
}

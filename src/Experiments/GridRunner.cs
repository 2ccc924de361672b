using Madtp.Kit.Data;

namespace Madtp.Kit.Experiments;

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
        (process.StartInfo.Environment["OMP_WAIT_POLICY"], process.StartInfo.Environment["GOMP_SPINCOUNT"]) = ("PASSIVE", "0");
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

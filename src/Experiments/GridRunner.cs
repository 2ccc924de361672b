using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text;

namespace Madtp.Kit.Experiments;

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

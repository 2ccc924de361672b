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
        progress?.Invoke(new GridProgress(experiments.Count - missing.Length, experiments.Count, [], null));
        foreach (var task in missing.Select(i => experiments[i].Task).Distinct())
        {
            ExperimentTask.Of(task).RequireInputs();
        }

        if (settings.Jobs <= 0)
        {
            foreach (var i in missing)
            {
                found[i] = ExperimentRunner.Run(experiments[i], settings.Cache, settings.Runs, cancellation: cancellation);
                progress?.Invoke(new GridProgress(found.Count(result => result is not null), experiments.Count, [], null));
            }
        }
        else if (missing.Length > 0)
        {
            InProcesses(experiments, missing, progress, cancellation);
        }

        return [.. experiments.Select((experiment, i) => found[i] ?? settings.Cache.Find(experiment)!)];
    }

    private void InProcesses(
        IReadOnlyList<Experiment> experiments, int[] missing, Action<GridProgress>? progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(settings.Runs);
        var list = Path.Combine(settings.Runs, $"grid-{Guid.NewGuid():N}.json");
        File.WriteAllText(list, JsonSerializer.Serialize(experiments, ExperimentJson.Page));
        var waiting = new Queue<int>(missing);
        var running = new List<One>();
        var watch = Stopwatch.StartNew();
        var done = 0;
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                while (waiting.Count > 0 && running.Count < settings.Jobs)
                {
                    var index = waiting.Dequeue();
                    running.Add(new One(experiments[index], Start(list, index)));
                    Report();
                }

                Thread.Sleep(Look);
                foreach (var ended in running.Where(one => one.HasExited).ToArray())
                {
                    running.Remove(ended);
                    ended.RequireSuccess();
                    ended.Dispose();
                    done++;
                    Report();
                }
            }
        }
        finally
        {
            running.ForEach(one => one.Dispose());
            File.Delete(list);
        }

        void Report()
        {
            TimeSpan? left = done == 0 ? null : watch.Elapsed / done * (missing.Length - done);
            IReadOnlyList<Experiment> now = [.. running.Select(one => one.Experiment)];
            progress?.Invoke(new GridProgress(experiments.Count - missing.Length + done, experiments.Count, now, left));
        }
    }

    private Process Start(string list, int index)
    {
        string[] place = [list, "--index", index.ToString(CultureInfo.InvariantCulture)];
        string[] arguments = [.. settings.Command.Skip(1), .. place, "--cache", settings.Cache.Folder, "--runs", settings.Runs];
        var start = new ProcessStartInfo(settings.Command[0], arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Small tensors gain little from threads: one experiment on each core is faster than two cores on each experiment.
        start.Environment["OMP_NUM_THREADS"] = Math.Max(1, Environment.ProcessorCount / settings.Jobs).ToString(CultureInfo.InvariantCulture);
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        return Process.Start(start)!;
    }

    /// <summary>One experiment in a process of its own; disposing ends the process.</summary>
    private sealed class One : IDisposable
    {
        private readonly Process process;
        private readonly StringBuilder said = new();

        public One(Experiment experiment, Process process)
        {
            (Experiment, this.process) = (experiment, process);
            process.OutputDataReceived += Note;
            process.ErrorDataReceived += Note;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Experiment Experiment { get; }

        public bool HasExited => process.HasExited;

        /// <summary>Throws what the process said where it failed.</summary>
        public void RequireSuccess()
        {
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"the experiment '{Experiment}' failed (exit code {process.ExitCode}): {said.ToString().Trim()}");
            }
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            process.Dispose();
        }

        private void Note(object sender, DataReceivedEventArgs line)
        {
            lock (said)
            {
                said.Append(line.Data).Append(line.Data is null ? "" : "\n");
            }
        }
    }
}

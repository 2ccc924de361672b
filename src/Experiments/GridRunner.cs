using System.Diagnostics;
using System.Text.Json;

namespace Madtp.Kit.Experiments;

/// <summary>Runs the experiments of a grid that have no result, each in a process of its own (<c>kit sweep FILE --index N</c>).</summary>
internal sealed class GridRunner(GridSettings settings)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public IReadOnlyList<ExperimentResult> Run(IReadOnlyList<Experiment> experiments, Action<GridProgress>? progress, CancellationToken cancellation)
    {
        var found = experiments.Select(settings.Cache.Find).ToArray();
        int[] missing = [.. Enumerable.Range(0, experiments.Count).Where(i => found[i] is null)];
        progress?.Invoke(new GridProgress(experiments.Count - missing.Length, experiments.Count, [], null));
        foreach (var task in missing.Select(i => experiments[i].Task).Distinct())
        {
            ExperimentTasks.Of(task).RequireInputs();
        }

        if (settings.Jobs <= 0)
        {
            foreach (var i in missing)
            {
                found[i] = ExperimentRunner.Run(experiments[i], settings.Cache, settings.Runs, cancellation: cancellation);
                progress?.Invoke(new GridProgress(found.Count(r => r is not null), experiments.Count, [], null));
            }
        }
        else if (missing.Length > 0)
        {
            InProcesses(experiments, missing, progress, cancellation);
        }

        return [.. experiments.Select((experiment, i) => found[i] ?? settings.Cache.Find(experiment)!)];
    }

    private void InProcesses(IReadOnlyList<Experiment> experiments, int[] missing, Action<GridProgress>? progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(settings.Runs);
        var list = Path.Combine(settings.Runs, $"grid-{Guid.NewGuid():N}.json");
        File.WriteAllText(list, JsonSerializer.Serialize(experiments, ExperimentJson.Page));
        var waiting = new Queue<int>(missing);
        var running = new List<GridProcess>();
        var watch = Stopwatch.StartNew();
        var done = 0;
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                while (waiting.Count > 0 && running.Count < settings.Jobs)
                {
                    running.Add(GridProcess.Start(list, waiting.Dequeue(), settings));
                    Report();
                }

                Thread.Sleep(Look);
                foreach (var ended in running.Where(process => process.HasExited).ToArray())
                {
                    running.Remove(ended);
                    ended.RequireSuccess(experiments[ended.Index]);
                    ended.Dispose();
                    done++;
                    Report();
                }
            }
        }
        finally
        {
            running.ForEach(process => process.Dispose());
            File.Delete(list);
        }

        void Report()
        {
            TimeSpan? left = done == 0 ? null : watch.Elapsed / done * (missing.Length - done);
            progress?.Invoke(new GridProgress(experiments.Count - missing.Length + done, experiments.Count, [.. running.Select(process => experiments[process.Index])], left));
        }
    }
}

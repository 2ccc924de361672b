using System.CommandLine;
using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit sweep</c>: runs what is missing of a grid of experiments.</summary>
internal static class SweepVerb
{
    public static Command Create()
    {
        var list = new Argument<string>("grid") { Description = $"One of {string.Join(", ", PaperGrids.All.Keys)}, or a JSON file with an array of experiments." };
        var jobs = new Option<int>("--jobs") { Description = "Processes at once.", DefaultValueFactory = _ => new GridSettings().Jobs };
        var index = new Option<int?>("--index") { Description = "Runs only the experiment at this place, from 0, in this process: for job arrays." };
        var cache = new Option<string?>("--cache") { Description = "Folder for results (artifacts/cache otherwise)." };
        var runs = new Option<string?>("--runs") { Description = "Folder for unfinished runs (artifacts/runs/experiments otherwise)." };
        var command = new Command("sweep", "Runs every experiment of a grid that has no result yet.") { list, jobs, index, cache, runs };
        command.SetAction((parsed, cancellation) =>
        {
            var experiments = ExperimentList.Of(parsed.GetValue(list)!);
            var settings = new GridSettings { Jobs = Math.Max(1, parsed.GetValue(jobs)) };
            settings = settings with
            {
                Cache = parsed.GetValue(cache) is { } folder ? new RunCache(folder) : settings.Cache,
                Runs = parsed.GetValue(runs) ?? settings.Runs,
            };
            return Task.FromResult(parsed.GetValue(index) is { } place ? One(experiments, place, settings, cancellation) : All(experiments, settings, cancellation));
        });
        return command;
    }

    private static int One(IReadOnlyList<Experiment> experiments, int place, GridSettings settings, CancellationToken cancellation)
    {
        if (place < 0 || place >= experiments.Count)
        {
            throw new ArgumentException($"--index {place}: the list has the places 0 to {experiments.Count - 1}");
        }

        var result = ExperimentRunner.Run(experiments[place], settings.Cache, settings.Runs, cancellation: cancellation);
        Console.WriteLine(result);
        return 0;
    }

    private static int All(IReadOnlyList<Experiment> experiments, GridSettings settings, CancellationToken cancellation)
    {
        var results = Grid.Of([.. experiments]).Run(settings, progress => Console.Error.WriteLine(progress), cancellation);
        RunsVerb.Show(results);
        return 0;
    }
}

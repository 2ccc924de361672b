using System.CommandLine;
using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit sweep</c>: runs what is missing of a grid of experiments.</summary>
internal static class SweepVerb
{
    public static Command Create()
    {
        var list = new Argument<string>("grid") { Description = $"One of {string.Join(", ", Grid.Names)}, or a JSON file with an array of experiments." };
        var jobs = new Option<int>("--jobs") { Description = "Processes at once.", DefaultValueFactory = _ => new GridSettings().Jobs };
        var index = new Option<int?>("--index") { Description = "Runs only the experiment at this place, from 0, in this process: for job arrays." };
        var cache = new Option<string?>("--cache") { Description = "Folder for results (artifacts/cache otherwise)." };
        var runs = new Option<string?>("--runs") { Description = "Folder for unfinished runs (artifacts/runs/experiments otherwise)." };
        var slurm = new Option<bool>("--slurm") { Description = "Hands the missing experiments to Slurm as a job array instead of running them here." };
        var options = new Option<string[]>("--slurm-option") { Description = "A line for the job's head, such as --slurm-option=--partition=gpu; may be given again.", DefaultValueFactory = _ => [] };
        var device = DeviceOption.Create();
        var command = new Command("sweep", "Runs every experiment of a grid that has no result yet.")
        {
            list, jobs, index, cache, runs, device, slurm, options,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var experiments = Grid.Open(parsed.GetValue(list)!).Experiments;
            var settings = new GridSettings { Jobs = Math.Max(1, parsed.GetValue(jobs)) };
            settings = settings with
            {
                Cache = parsed.GetValue(cache) is { } folder ? new RunCache(folder) : settings.Cache,
                Runs = parsed.GetValue(runs) ?? settings.Runs,
            };
            if (parsed.GetValue(slurm))
            {
                var name = Path.GetFileNameWithoutExtension(parsed.GetValue(list)!);
                return Task.FromResult(Submit(new SlurmArray(name, KitFolder.File("artifacts", "slurm")) { Options = parsed.GetValue(options)! }, experiments, settings));
            }

            DeviceOption.UseFor(experiments, parsed, device);
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

    private static int Submit(SlurmArray array, IReadOnlyList<Experiment> experiments, GridSettings settings)
    {
        var tasks = array.Write(experiments, settings.Cache);
        Console.WriteLine(tasks == 0 ? "every experiment has a result already" : $"{tasks} experiments; the script is {array.ScriptPath}");
        if (tasks > 0)
        {
            Console.WriteLine(array.Submit());
        }

        return 0;
    }

    private static int All(IReadOnlyList<Experiment> experiments, GridSettings settings, CancellationToken cancellation)
    {
        var results = Grid.Of([.. experiments]).Run(settings, progress => Console.Error.WriteLine(progress), cancellation);
        RunsVerb.Show(results);
        return 0;
    }
}

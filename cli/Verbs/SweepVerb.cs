using Madtp.Kit.Experiments;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit sweep</c>: runs what is missing of a grid of experiments.</summary>
internal static class SweepVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "sweep", "Run every experiment of a grid that has no result yet.",
            "./kit sweep table2 --jobs 2", "./kit sweep my-grid.json --slurm --slurm-option=--partition=gpu --ranks 4");
        var list = verb.Argument<string>(
            "GRID", $"One of {string.Join(", ", Grid.Names)}, or a JSON file with an array of experiments.",
            ArgumentArity.ExactlyOne, [.. Grid.Names]);
        var jobs = verb.Number("--jobs", "Processes at once.", () => new GridSettings().Jobs, 1, 1000);
        var index = verb.Number<int>(
            "--index", "Run only the experiment at this place, from 0, in this process: for job arrays.", 0);
        var cache = verb.Option<string?>("--cache", "Folder for results (artifacts/cache otherwise).", "DIR");
        var runs = verb.Option<string?>("--runs", "Folder for unfinished runs (artifacts/runs/experiments otherwise).", "DIR");
        var device = DeviceOption.Add(verb);
        var slurm = verb.Option<bool>(
            "--slurm", "Hand the missing experiments to Slurm as a job array instead of running them here.");
        var options = verb.Option<string[]>(
            "--slurm-option", "A line for the job's head, --partition=gpu; may be given again.", "OPTION", () => []);
        var ranks = RanksOption.Add(verb);
        verb.SetAction((parsed, cancellation) =>
        {
            var isArray = parsed.GetValue(slurm);
            if (!isArray && parsed.GetValue(index) is not null)
            {
                RanksOption.Join(parsed, ranks);
            }

            var name = parsed.GetRequiredValue(list);
            var grid = Grid.Open(name);
            var settings = new GridSettings { Jobs = parsed.GetValue(jobs) };
            settings = settings with
            {
                Cache = parsed.GetValue(cache) is { } folder ? new RunCache(folder) : settings.Cache,
                Runs = parsed.GetValue(runs) ?? settings.Runs,
            };
            if (isArray)
            {
                var array = new SlurmArray(Path.GetFileNameWithoutExtension(name), KitFolder.File("artifacts", "slurm"))
                {
                    Options = parsed.GetValue(options)!,
                    Ranks = int.TryParse(parsed.GetValue(ranks), CultureInfo.InvariantCulture, out var together) ? together : 1,
                };
                var missing = array.Write(grid.Experiments, settings.Cache);
                Console.WriteLine(missing == 0
                    ? "every experiment has a result already"
                    : $"{missing} experiments; the script is {array.ScriptPath}{Environment.NewLine}{array.Submit()}");
                return Task.FromResult(0);
            }

            DeviceOption.UseFor(grid.Experiments, parsed, device);
            if (parsed.GetValue(index) is not { } place)
            {
                var results = grid.Run(settings, progress => Console.Error.WriteLine(progress), cancellation);
                RunsVerb.Show(results);
                RunsVerb.Show(Question.Compare(results).Where(one => one.Difference is not null));
            }
            else if (grid.RunOne(place, settings, cancellation) is { } result)
            {
                Console.WriteLine(result);
            }
            else
            {
                Console.Error.WriteLine($"kit: '{grid.Experiments[place]}' is being run by another process");
                return Task.FromResult(GridSettings.Busy);
            }

            return Task.FromResult(0);
        });
        return verb;
    }
}

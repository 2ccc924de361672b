using Madtp.Kit.Experiments;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit experiment</c>, <c>kit sweep</c>, <c>kit runs</c>: one experiment, a grid of them, their results.</summary>
internal static class ExperimentVerbs
{
    private static readonly string[] Tasks = [.. ExperimentTask.All.Select(task => task.Name)];

    private static readonly string[] Columns =
        ["task", "method", "reduce", "seed", "K", "d_k", "examples", "passes", "test", "of the MACs", "strength", "key"];

    /// <summary>One run, described by options, or its cached result.</summary>
    public static Command CreateExperiment()
    {
        var verb = new Verb(
            "experiment", "Run one experiment, or show its cached result, as JSON.",
            "./kit experiment --method ToMe --reduce 0.5 --seed 1");
        var task = verb.Option(
            "--task", $"What is learned: {string.Join(", ", Tasks)}.", "TASK", () => new Experiment().Task, words: Tasks);
        var method = MethodOption.Add(verb, "Usually MADTP.");
        var reduce = verb.Number<double>(
            "--reduce", "The reduce ratio: share of the multiply-accumulates to take away. Usually 0.", 0, 0.999, value: "RATIO");
        var seed = verb.Number<long>("--seed", "Seed of order and alignment guidance. Usually 1.");
        var examples = verb.Number<int>(
            "--examples", "Training examples; 0 applies the method as it is. Usually the task's own.", 0);
        var epochs = verb.Number<int>("--epochs", "Passes over them, instead of the task's usual.", 1, 1_000_000);
        var rate = verb.Number<double>(
            "--learning-rate", "Learning rate after the warm-up, instead of the task's usual.", 0, 1000, value: "RATE");
        var tokens = verb.Number<int>("--learnable-tokens", "K, instead of the task's usual.", 1, 100_000);
        var width = verb.Number<int>("--alignment-width", "d_k, instead of the task's usual.", 1, 100_000);
        var device = DeviceOption.Add(verb);
        var fresh = verb.Option<bool>("--fresh", "Run it although a result is there, and keep the new one.");
        verb.Does((parsed, cancellation) =>
        {
            var usual = ExperimentTask.Of(parsed.GetRequiredValue(task)).Default;
            var experiment = usual with
            {
                Method = MethodOption.Of(parsed, method)?.Name ?? usual.Method,
                ReduceRatio = parsed.GetValue(reduce) ?? usual.ReduceRatio,
                Seed = parsed.GetValue(seed) ?? usual.Seed,
                TrainExamples = parsed.GetValue(examples) ?? usual.TrainExamples,
                Epochs = parsed.GetValue(epochs) ?? usual.Epochs,
                LearningRate = parsed.GetValue(rate) ?? usual.LearningRate,
                LearnableTokens = parsed.GetValue(tokens) ?? usual.LearnableTokens,
                AlignmentWidth = parsed.GetValue(width) ?? usual.AlignmentWidth,
            };
            DeviceOption.UseFor([experiment], parsed, device);
            using var view = ProgressView.Error(); // standard output has the JSON alone
            Console.WriteLine(ExperimentRunner.Run(
                experiment, progress: view.Show, cancellation: cancellation, fresh: parsed.GetValue(fresh)).ToJson());
            return 0;
        });
        return verb;
    }

    /// <summary>Runs what is missing of a grid of experiments.</summary>
    public static Command CreateSweep()
    {
        var verb = new Verb(
            "sweep", "Run every experiment of a grid that has no result yet.",
            "./kit sweep table2 --jobs 2", "./kit sweep my-grid.json --slurm --slurm-option=--partition=gpu --ranks 4");
        var list = verb.Argument<string>(
            "GRID", $"One of {string.Join(", ", Grid.Names)}, or a JSON file with an array of experiments.",
            ArgumentArity.ExactlyOne, [.. Grid.Names]);
        var jobs = verb.Number(
            "--jobs", "Processes at once, which share the cores out; with --slurm tasks, 16 otherwise.",
            () => new GridSettings().Jobs, 1, 1000);
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
        verb.Exclude(index, slurm);
        verb.Needs(ranks, index, slurm);
        verb.Needs(options, slurm);
        verb.Does((parsed, cancellation) =>
        {
            var (isArray, place) = (parsed.GetValue(slurm), parsed.GetValue(index));
            if (!isArray && place is not null)
                Ranks.Join(parsed.GetRequiredValue(ranks));
            else
                Ranks.RequireAlone();

            var name = parsed.GetRequiredValue(list);
            var grid = Grid.Open(name);
            var usual = new GridSettings();
            var settings = usual with
            {
                Jobs = parsed.GetValue(jobs),
                Cache = parsed.GetValue(cache) is { } folder ? new RunCache(folder) : usual.Cache,
                Runs = parsed.GetValue(runs) ?? usual.Runs,
            };
            if (isArray)
            {
                var array = new SlurmArray(Path.GetFileNameWithoutExtension(name), KitFolder.File("artifacts", "slurm"))
                {
                    Options = parsed.GetValue(options)!,
                    Ranks = int.TryParse(parsed.GetValue(ranks), CultureInfo.InvariantCulture, out var together) ? together : 1,
                    Runs = parsed.GetValue(runs),
                    Jobs = Verb.IsGiven(parsed, jobs) ? settings.Jobs : null,
                    Device = Verb.IsGiven(parsed, device) ? parsed.GetValue(device) : null,
                };
                var missing = array.Write(grid.Experiments, settings.Cache);
                Console.WriteLine(missing == 0
                    ? "every experiment has a result already"
                    : $"{missing} experiments; the script is {array.ScriptPath}{Environment.NewLine}{array.Submit()}");
                return 0;
            }

            DeviceOption.UseFor(grid.Experiments, parsed, device);
            if (place is null)
            {
                var results = grid.Run(settings, progress => Console.Error.WriteLine(progress), cancellation);
                Show(results);
                Show(Question.Compare(results).Where(one => one.Difference is not null));
                return 0;
            }

            if (grid.RunOne(place.Value, settings, cancellation) is { } result)
            {
                Console.WriteLine(result);
                return 0;
            }

            CommandLine.Remark($"'{grid.Experiments[place.Value]}' is being run by another process");
            return GridSettings.Busy;
        });
        return verb;
    }

    /// <summary>Lists the results there are.</summary>
    public static Command CreateRuns()
    {
        var verb = new Verb(
            "runs", "List the results of experiments with the weights and data that are there.",
            "./kit runs --task toy-nlvr2 --method MADTP");
        var task = verb.Option<string?>("--task", "Only this task.", "TASK", words: Tasks);
        var method = MethodOption.Add(verb, "Only this method.");
        var publish = verb.Option<bool>("--publish", "Copy new results to data/toy/runs, to come with the kit.");
        var questions = verb.Option<bool>("--questions", "What the results say to the questions of data/toy/QUESTIONS.md.");
        verb.Exclude(publish, questions, task);
        verb.Exclude(publish, questions, method);
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(questions))
            {
                Show(Question.Compare(RunCache.Default.All()));
            }
            else if (!parsed.GetValue(publish))
            {
                var only = parsed.GetValue(task) is { } name ? ExperimentTask.Of(name).Name : null;
                var by = MethodOption.Of(parsed, method)?.Name;
                Show(RunCache.Default.All().Where(run =>
                    (only ?? run.Experiment.Task) == run.Experiment.Task
                    && (by ?? run.Experiment.Method) == run.Experiment.Method));
            }
            else if (Scale.Current == ExperimentScale.Paper)
            {
                throw new ArgumentException(
                    "only the toy world's results come with the kit; those at the paper's scale stay in artifacts/paper-results");
            }
            else
            {
                Console.WriteLine($"{RunCache.Default.Publish(RunCache.Published)} results copied to data/toy/runs");
            }
        });
        return verb;
    }

    private static void Show(IEnumerable<Comparison> comparisons) => comparisons.ToList().ForEach(Console.WriteLine);

    private static void Show(IEnumerable<ExperimentResult> results) =>
        Terminal.Print(
            null, Columns, results.Select(result => Cells(result).Select(FormattableString.Invariant).ToArray()), left: 2);

    private static FormattableString[] Cells(ExperimentResult result) =>
    [
        $"{result.Experiment.Task}", $"{result.Experiment.Method}", $"{result.Experiment.ReduceRatio}",
        $"{result.Experiment.Seed}", $"{result.Experiment.LearnableTokens}", $"{result.Experiment.AlignmentWidth}",
        $"{result.Experiment.TrainExamples}", $"{result.Experiment.Epochs?.ToString(CultureInfo.InvariantCulture) ?? "usual"}",
        $"{100 * result.Test:0.0} %", $"{100 * result.MacShare:0.0} %{(result.OverBudget ? " (over)" : "")}",
        $"{result.Strength:G4}", $"{result.Experiment.Key}",
    ];
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate TASK</c>: scores weights on a task's files, or on the toy world drawn in memory.</summary>
internal static class EvaluateVerb
{
    private const int Stopped = 130;

    public static Command Create()
    {
        var command = new Command("evaluate", "Score a trained model: accuracy and multiply-accumulates.");
        foreach (var name in TaskOptions.Names)
        {
            command.Add(Create(name));
        }

        return command;
    }

    private static Command Create(string name)
    {
        var task = new TaskOptions(name, "The weights; the model's sizes follow from its tensors. In the toy world those that come with the kit otherwise.");
        var split = new Option<string?>("--split") { Description = $"Another split than the usual one. {Splits(task)}" };
        var limit = new Option<int?>("--limit") { Description = "The first examples only.", HelpName = "N" };
        var batch = new Option<int?>("--batch-size") { Description = "Examples answered at once.", HelpName = "N" };
        var temperature = new Option<double?>("--temperature") { Description = "Reduce at this temperature (or keep ratio). Without it and --reduce: at the checkpoint's own, where the method stored one.", HelpName = "T" };
        var plain = new Option<bool>("--plain") { Description = "Reduce nothing, whatever the checkpoint says." };
        var shuffle = new Option<Shuffle>("--shuffle") { Description = "images or text: give every example another's, to show that they are needed." };
        var output = new Option<string?>("--out") { Description = "Folder of finished examples, submission and scores; a run that was cut off goes on from it.", HelpName = "DIR" };
        var fresh = new Option<bool>("--fresh") { Description = "Throw away what the folder's run has left." };
        var json = ScoreVerb.Json();
        var command = new Command(name, task.Description);
        task.AddTo(command);
        Array.ForEach<Option>([split, limit, batch, temperature, plain, shuffle, output, fresh, json], command.Add);
        command.Validators.Add(result =>
        {
            if (new[] { task.Reduces(result), result.GetValue(temperature) is not null, result.GetValue(plain) }.Count(given => given) > 1)
            {
                result.AddError("--reduce, --temperature and --plain exclude each other");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            if (task.Method(parsed) is { Pruning: null } method)
            {
                throw new ArgumentException($"'{method.Name}' takes no tokens out; weights that it has pruned are scored without naming it");
            }

            var settings = task.Apply(parsed, new TaskSettings()) with { Dial = parsed.GetValue(temperature) };
            if (task.IsToy && settings.Checkpoint is null)
            {
                var weights = task.ToyWeightsFor(settings.ReduceRatio);
                settings = settings with { Checkpoint = weights, ReduceRatio = weights == task.ToyWeightsFor(null) ? settings.ReduceRatio : null };
            }

            using var view = new EvaluationView();
            var run = new Run(task.Task, settings, parsed.GetValue(output) ?? string.Empty)
            {
                Fresh = parsed.GetValue(fresh),
                Scoring = new Scoring { Limit = parsed.GetValue(limit), BatchSize = parsed.GetValue(batch), Shuffle = parsed.GetValue(shuffle), Progress = view },
            };
            return Task.FromResult(Evaluate(run, parsed, parsed.GetValue(split), parsed.GetValue(plain), parsed.GetValue(json), view, cancellation));
        });
        return command;
    }

    private static int Evaluate(Run run, ParseResult parsed, string? split, bool plain, bool asJson, EvaluationView view, CancellationToken cancellation)
    {
        try
        {
            var scores = run.Evaluate(split, plain, cancellation);
            view.Dispose();
            if (asJson)
            {
                ScoreTable.Print(parsed, Json(scores, run.Task));
            }
            else
            {
                Print(scores, run.Task);
            }

            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Console.Error.WriteLine("kit: stopped; the same command goes on from here");
            return Stopped;
        }
    }

    /// <summary>Prints every score, and what it cost.</summary>
    public static void Print(Evaluation scores, string task)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape($"{task}, {scores.Examples} examples of {scores.Split}")), Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("metric").NoWrap()).AddColumn(new TableColumn("score").RightAligned().NoWrap());
        void Row(string name, double value, string format) => table.AddRow(Markup.Escape(name), value.ToString(format, CultureInfo.InvariantCulture));
        foreach (var (name, value) in scores.Scores)
        {
            Row(name, value, "F4");
        }

        foreach (var (kind, value) in task == "nlvr2" ? scores.ByKind : new Dictionary<string, double>())
        {
            Row($"  {kind}", value, "F4");
        }

        table.AddEmptyRow();
        Row("multiply-accumulates of an example, 1e9", scores.Macs / 1e9, "G5");
        Row("share of the plain model's", scores.MacShare, "P1");
        if (scores.Temperature is { } temperature)
        {
            Row("temperature", temperature, "G6");
        }

        foreach (var (layer, tokens) in scores.Tokens)
        {
            Row($"tokens after {layer}", tokens, "F1");
        }

        Terminal.Out.Write(table);
        if (scores.Calibration is { } calibration)
        {
            Console.WriteLine($"calibration: {calibration}");
        }

        if (scores.Submission is { } submission)
        {
            Console.WriteLine($"{(scores.Resumed > 0 ? $"{scores.Resumed} examples were finished by an earlier run; " : string.Empty)}submission: {submission}");
        }
    }

    private static JsonObject Json(Evaluation scores, string task)
    {
        var named = new JsonObject();
        foreach (var (name, value) in scores.Scores)
        {
            named[name] = value;
        }

        return new JsonObject
        {
            ["task"] = task,
            ["split"] = scores.Split,
            ["examples"] = scores.Examples,
            ["scores"] = named,
            ["macs"] = scores.Macs,
            ["plain_macs"] = scores.DenseMacs,
            ["temperature"] = scores.Temperature,
            ["calibrated_macs"] = scores.Calibration?.Cost,
            ["resumed"] = scores.Resumed,
            ["submission"] = scores.Submission,
        };
    }

    private static string Splits(TaskOptions task) => (task.IsToy, task.Task) switch
    {
        (_, "nlvr2") => "dev, test1 (usual), test2.",
        (false, "vqa") => "val2014 (usual), test-dev2015, test2015 (no public answers: submit vqa_result.json).",
        _ => "val, test (usual).",
    };
}

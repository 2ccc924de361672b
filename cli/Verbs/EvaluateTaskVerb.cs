using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Models;
using Madtp.Kit.Training;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate TASK --checkpoint F --data DIR</c>: any checkpoint on a task's real files, the toy world's or the published ones.</summary>
internal static class EvaluateTaskVerb
{
    private const int Stopped = 130;

    private static readonly Dictionary<string, string> Descriptions = new(StringComparer.Ordinal)
    {
        ["nlvr2"] = "BLIP-NLVR2: is a statement true of two images? Splits dev, test1 (usual), test2.",
        ["clip"] = "CLIP retrieval on COCO or Flickr30k in Karpathy's splits val, test (usual).",
        ["caption"] = "BLIP captioning on COCO in Karpathy's splits val, test (usual).",
        ["vqa"] = "BLIP VQA on VQA v2: splits val2014 (usual), test-dev2015, test2015 (no public answers: submit vqa_result.json).",
        ["retrieval"] = "BLIP retrieval on COCO or Flickr30k in Karpathy's splits val, test (usual).",
    };

    /// <summary>The command of one task.</summary>
    public static Command Create(string task)
    {
        var checkpoint = new Option<string>("--checkpoint") { Description = "The weights; the model's sizes follow from its tensors.", HelpName = "FILE", Required = true };
        var data = new Option<string>("--data") { Description = "The folder of all data sets, or the task's own.", HelpName = "DIR", DefaultValueFactory = _ => "data" };
        var dataset = new Option<string>("--dataset") { Description = "coco or flickr30k, for the tasks on captions.", DefaultValueFactory = _ => "coco" };
        var split = new Option<string?>("--split") { Description = "Another split than the usual one." };
        var limit = new Option<int?>("--limit") { Description = "The first examples only.", HelpName = "N" };
        var reduce = new Option<double?>("--reduce") { Description = "Reduce to this share of the multiply-accumulates: the temperature is found on calibration examples.", HelpName = "SHARE" };
        var temperature = new Option<double?>("--temperature") { Description = "Reduce at this temperature. Without either: at the checkpoint's own, where it has one.", HelpName = "T" };
        var plain = new Option<bool>("--plain") { Description = "Reduce nothing, even if the checkpoint has a temperature." };
        var method = MethodNames.Create("Usually madtp; madtp-released for the authors' checkpoints.");
        var calibration = new Option<int>("--calibration") { Description = "Examples that --reduce looks at, the first of the training split.", HelpName = "N", DefaultValueFactory = _ => 200 };
        var candidates = new Option<int?>("--candidates") { Description = "What BLIP looks at closely: pairs read for each query of retrieval, answers read to their end for each question.", HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = "Examples answered at once.", HelpName = "N", DefaultValueFactory = _ => 32 };
        var imageSize = new Option<int?>("--image-size") { Description = "Another image side than the checkpoint's, in pixels.", HelpName = "PIXELS" };
        var vocabulary = new Option<string?>("--vocab") { Description = "The vocabulary, if it does not lie beside the data.", HelpName = "FILE" };
        var device = DeviceOption.Create();
        var precision = DeviceOption.Precision();
        var output = new Option<string?>("--out") { Description = "Folder of finished examples, submission and scores; a run that was cut off goes on from it.", HelpName = "DIR" };
        var fresh = new Option<bool>("--fresh") { Description = "Begin anew." };
        var json = ScoreVerb.Json();
        var command = new Command(task, Descriptions[task]) { checkpoint, data, dataset, split, limit, reduce, temperature, plain, method, calibration, candidates, batch, imageSize, vocabulary, device, precision, output, fresh, json };
        command.Validators.Add(result =>
        {
            if (new[] { result.GetValue(reduce) is not null, result.GetValue(temperature) is not null, result.GetValue(plain) }.Count(given => given) > 1)
            {
                result.AddError("--reduce, --temperature and --plain exclude each other");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            using var mixed = MixedPrecision.Begin(parsed.GetValue(precision) == TrainingPrecision.BFloat16);
            return Task.FromResult(Run(task, Settings(parsed), parsed, parsed.GetValue(json), cancellation));
        });
        return command;

        EvaluationSettings Settings(ParseResult parsed) => new()
        {
            Checkpoint = parsed.GetRequiredValue(checkpoint),
            Data = parsed.GetRequiredValue(data),
            Dataset = parsed.GetRequiredValue(dataset),
            Split = parsed.GetValue(split),
            Limit = parsed.GetValue(limit),
            MacShare = parsed.GetValue(reduce),
            Temperature = parsed.GetValue(temperature),
            Plain = parsed.GetValue(plain),
            Method = parsed.GetValue(method) is { } name ? MethodNames.Tokens(name).Pruning : null,
            CalibrationExamples = parsed.GetValue(calibration),
            Candidates = parsed.GetValue(candidates),
            BatchSize = parsed.GetValue(batch),
            ImageSize = parsed.GetValue(imageSize),
            Vocabulary = parsed.GetValue(vocabulary),
            Device = DeviceOption.Use(parsed, device, parsed.GetValue(precision)),
            Output = parsed.GetValue(output),
            Fresh = parsed.GetValue(fresh),
        };
    }

    private static int Run(string task, EvaluationSettings settings, ParseResult parsed, bool asJson, CancellationToken cancellation)
    {
        try
        {
            using var view = new EvaluationView();
            var report = Evaluator.Run(task, settings, view, cancellation);
            view.Dispose();
            if (asJson)
            {
                ScoreTable.Print(parsed, Json(report));
            }
            else
            {
                Print(report);
            }

            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Console.Error.WriteLine("kit: stopped; the same command goes on from here");
            return Stopped;
        }
    }

    /// <summary>Prints every score.</summary>
    internal static void Print(EvaluationReport report)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape($"{report.Task}, {report.Examples} examples")), Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("metric").NoWrap()).AddColumn(new TableColumn("score").RightAligned().NoWrap());
        foreach (var (name, value) in report.Scores)
        {
            table.AddRow(Markup.Escape(name), Number(value, "F4"));
        }

        table.AddEmptyRow();
        table.AddRow(Markup.Escape($"multiply-accumulates of {report.CostOf}, 1e9"), Number(report.Macs / 1e9, "G5"));
        table.AddRow("share of the plain model's", Number(report.MacShare, "P1"));
        if (report.Temperature is { } temperature)
        {
            table.AddRow("temperature", Number(temperature, "G6"));
        }

        Terminal.Out.Write(table);
        if (report.Calibration is { } calibration)
        {
            Console.WriteLine($"calibration: {calibration}");
        }

        Console.WriteLine($"{(report.Resumed > 0 ? $"{report.Resumed} examples were finished by an earlier run; " : string.Empty)}submission: {report.Submission}");
    }

    private static JsonObject Json(EvaluationReport report)
    {
        var scores = new JsonObject();
        foreach (var (name, value) in report.Scores)
        {
            scores[name] = value;
        }

        return new JsonObject
        {
            ["task"] = report.Task,
            ["examples"] = report.Examples,
            ["scores"] = scores,
            ["macs"] = report.Macs,
            ["plain_macs"] = report.DenseMacs,
            ["temperature"] = report.Temperature,
            ["calibrated_share"] = report.Calibration?.Macs,
            ["resumed"] = report.Resumed,
            ["submission"] = report.Submission,
        };
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

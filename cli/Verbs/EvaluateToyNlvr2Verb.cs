using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit evaluate toy-nlvr2</c>: the toy model's answers, with or without reduction, with the truth or shuffled.</summary>
internal static class EvaluateToyNlvr2Verb
{
    public static Command Create()
    {
        var weights = new Option<string?>("--weights") { Description = "A weights file; those that come with the kit otherwise." };
        var reduce = new Option<double?>("--reduce") { Description = "The weights fine-tuned for this share of the multiply-accumulates, at their temperature." };
        var temperature = new Option<double?>("--temperature") { Description = "Reduce by MADTP at this temperature." };
        var shuffle = new Option<string>("--shuffle") { Description = "images or text: give every example another's, to show that they are needed.", DefaultValueFactory = _ => "none" };
        shuffle.AcceptOnlyFromAmong("none", "images", "text");
        var split = new Option<string>("--split") { Description = "train, dev or test1.", DefaultValueFactory = _ => "test1" };
        var command = new Command("toy-nlvr2", "The toy BLIP-NLVR2 on its held-out pairs.") { weights, reduce, temperature, shuffle, split };
        command.SetAction(parsed =>
        {
            var loaded = parsed.GetValue(weights) is { } path ? ToyNlvr2.Load(path) : ToyNlvr2.Load(parsed.GetValue(reduce));
            using var pairs = ToyNlvr2Pairs.Draw(parsed.GetValue(split)!);
            using var reduction = loaded.Temperature is null && parsed.GetValue(temperature) is null ? null : loaded.Attach(parsed.GetValue(temperature));
            if (reduction is not null)
            {
                reduction.GatherFeatures = false;
            }

            Print(NlvrEvaluator.Evaluate(loaded.Model, pairs, parsed.GetValue(split)!, reduction, Enum.Parse<NlvrShuffle>(parsed.GetValue(shuffle)!, ignoreCase: true)));
        });
        return command;
    }

    private static void Print(Evaluation evaluation)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("kind").AddColumn(new TableColumn("accuracy").RightAligned());
        foreach (var (kind, accuracy) in evaluation.ByKind)
        {
            table.AddRow(kind, accuracy.ToString("P1", culture));
        }

        table.AddEmptyRow();
        table.AddRow($"all {evaluation.Examples} of {evaluation.Split}", evaluation.Accuracy.ToString("P1", culture));
        CostRows.Add(table, evaluation, "multiply-accumulates, 1e6");
        Terminal.Out.Write(table);
    }
}

using System.CommandLine;
using System.Globalization;
using Madtp.Kit.Experiments;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit runs</c>: the results there are.</summary>
internal static class RunsVerb
{
    public static Command Create()
    {
        var task = new Option<string?>("--task") { Description = "Only this task." };
        var method = new Option<string?>("--method") { Description = "Only this method." };
        var publish = new Option<bool>("--publish") { Description = "Copies new results to data/toy/runs, to come with the kit." };
        var command = new Command("runs", "Lists the results of experiments.") { task, method, publish };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(publish))
            {
                if (Scale.Current == ExperimentScale.Paper)
                {
                    throw new ArgumentException("only the toy world's results come with the kit; those at the paper's scale stay in artifacts/paper-results");
                }

                Console.WriteLine($"{RunCache.Default.Publish(RunCache.Published)} results copied to data/toy/runs");
                return 0;
            }

            Show([.. RunCache.Default.All().Where(run => (parsed.GetValue(task) ?? run.Experiment.Task) == run.Experiment.Task && (parsed.GetValue(method) ?? run.Experiment.Method) == run.Experiment.Method)]);
            return 0;
        });
        return command;
    }

    /// <summary>Prints results as a table.</summary>
    public static void Show(IReadOnlyList<ExperimentResult> results)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var left in new[] { "task", "method" })
        {
            table.AddColumn(new TableColumn(left).NoWrap());
        }

        foreach (var right in new[] { "reduce", "seed", "K", "d_k", "examples", "passes", "test", "of the MACs", "dial", "key" })
        {
            table.AddColumn(new TableColumn(right).RightAligned().NoWrap());
        }

        foreach (var result in results)
        {
            var experiment = result.Experiment;
            FormattableString[] cells =
            [
                $"{experiment.Task}", $"{experiment.Method}", $"{experiment.ReduceRatio}", $"{experiment.Seed}", $"{experiment.LearnableTokens}", $"{experiment.AlignmentWidth}", $"{experiment.TrainExamples}", $"{experiment.Epochs?.ToString(CultureInfo.InvariantCulture) ?? "usual"}",
                $"{100 * result.Test:0.0} %", $"{100 * result.MacShare:0.0} %{(result.OverBudget ? " (over)" : "")}", $"{result.Dial:G4}", $"{experiment.Key}",
            ];
            table.AddRow([.. cells.Select(cell => Markup.Escape(cell.ToString(CultureInfo.InvariantCulture)))]);
        }

        Terminal.Out.Write(table);
    }
}

using Madtp.Kit.Experiments;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit runs</c>: the results there are.</summary>
internal static class RunsVerb
{
    private static readonly string[] Columns =
        ["task", "method", "reduce", "seed", "K", "d_k", "examples", "passes", "test", "of the MACs", "strength", "key"];

    public static Command Create()
    {
        var verb = new Verb("runs", "List the results of experiments.", "./kit runs --task toy-nlvr2 --method MADTP");
        var task = verb.Option<string?>("--task", "Only this task.", "TASK", words: ExperimentVerb.Tasks);
        var method = MethodOption.Add(verb, "Only this method.");
        var publish = verb.Option<bool>("--publish", "Copy new results to data/toy/runs, to come with the kit.");
        var questions = verb.Option<bool>("--questions", "What the results say to the questions of data/toy/QUESTIONS.md.");
        verb.SetAction(parsed =>
        {
            if (parsed.GetValue(questions))
            {
                Show(Question.Compare(RunCache.Default.All()));
            }
            else if (!parsed.GetValue(publish))
            {
                var (only, by) = (parsed.GetValue(task), MethodOption.Of(parsed, method)?.Name);
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
                Console.WriteLine(
                    $"{RunCache.Default.Publish(RunCache.Published)} results copied to data/toy/runs");
            }
        });
        return verb;
    }

    /// <summary>Prints comparisons, a line each.</summary>
    public static void Show(IEnumerable<Comparison> comparisons) => comparisons.ToList().ForEach(Console.WriteLine);

    /// <summary>Prints results as a table.</summary>
    public static void Show(IEnumerable<ExperimentResult> results)
    {
        var table = Terminal.Table(null, Columns, left: 2);
        foreach (var result in results)
        {
            var run = result.Experiment;
            FormattableString[] cells =
            [
                $"{run.Task}", $"{run.Method}", $"{run.ReduceRatio}", $"{run.Seed}", $"{run.LearnableTokens}",
                $"{run.AlignmentWidth}",
                $"{run.TrainExamples}", $"{run.Epochs?.ToString(CultureInfo.InvariantCulture) ?? "usual"}",
                $"{100 * result.Test:0.0} %",
                $"{100 * result.MacShare:0.0} %{(result.OverBudget ? " (over)" : "")}", $"{result.Strength:G4}", $"{run.Key}",
            ];
            table.AddRow([.. cells.Select(cell => Markup.Escape(cell.ToString(CultureInfo.InvariantCulture)))]);
        }

        Terminal.Out.Write(table);
    }
}

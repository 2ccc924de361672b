using System.Globalization;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>Prints how well a toy captioner or VQA model answers, and at what cost.</summary>
internal static class ToyRecipeTable
{
    public static void Print(ToyRecipe recipe, Evaluation evaluation, string title)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn($"{evaluation.Examples} {recipe.Examples} of {title}").AddColumn(new TableColumn(string.Empty).RightAligned());
        table.AddRow(recipe.Accuracy, evaluation.Accuracy.ToString("P1", culture));
        foreach (var (kind, score) in evaluation.ByKind)
        {
            table.AddRow(kind, (100 * score).ToString("F1", culture));
        }

        table.AddEmptyRow();
        CostRows.Add(table, evaluation, "multiply-accumulates of an example, 1e6");
        Terminal.Out.Write(table);
    }
}

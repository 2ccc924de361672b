using System.Globalization;
using Madtp.Kit.Tasks;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>Prints how well a retrieval model ranks, and at what cost.</summary>
internal static class RetrievalTable
{
    public static void Print(Evaluation evaluation)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn($"{evaluation.Examples} captions of {evaluation.Split}").AddColumn(new TableColumn("recall").RightAligned());
        foreach (var (kind, recall) in evaluation.ByKind)
        {
            table.AddRow(kind, recall.ToString("P1", culture));
        }

        table.AddEmptyRow();
        CostRows.Add(table, evaluation, "multiply-accumulates of a pair, 1e6");
        Terminal.Out.Write(table);
    }
}

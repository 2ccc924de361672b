using System.Globalization;
using Madtp.Kit.Training;
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
        table.AddRow("multiply-accumulates of a pair, 1e6", (evaluation.Macs / 1e6).ToString("F2", culture));
        table.AddRow("share of the plain model's", evaluation.MacShare.ToString("P1", culture));
        if (evaluation.Temperature is { } temperature)
        {
            table.AddRow("temperature", temperature.ToString("G6", culture));
        }

        foreach (var (layer, tokens) in evaluation.Tokens)
        {
            table.AddRow($"tokens after {layer}", tokens.ToString("F1", culture));
        }

        Terminal.Out.Write(table);
    }
}

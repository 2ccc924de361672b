using System.Globalization;
using Madtp.Kit.Cost;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>Ledgers as tables for people: layers summed, figures in 1e9.</summary>
internal static class MacsTable
{
    public static void Print(IAnsiConsole console, IReadOnlyList<MacsReport> reports)
    {
        foreach (var report in reports)
        {
            Print(console, report.Name, report.Whole, null, Columns(report.Whole));
            foreach (var (_, meaning, macs) in report.Further)
            {
                console.WriteLine($"  {meaning}: {Cell(macs)}");
            }

            if (report.Pruned is { } pruned)
            {
                Print(console, $"{report.Name}, pruned", pruned, report.Whole, [("paper", Accounting.Paper), ("deploy", Accounting.Deploy)]);
            }
        }

        console.WriteLine("In 1e9; one multiply-add counts 1. '*' sums over the layers.");
    }

    /// <summary>The released code's column is shown only where it differs from ours.</summary>
    private static IReadOnlyList<(string Title, Accounting Accounting)> Columns(MacLedger ledger)
    {
        List<(string, Accounting)> columns = [("paper", Accounting.Paper), ("paper with MAG", Accounting.PaperWithAlignment), ("deploy", Accounting.Deploy)];
        if (ledger.Total(Accounting.Deploy) != ledger.Total(Accounting.ReferenceDeploy))
        {
            columns.Add(("deploy, as released", Accounting.ReferenceDeploy));
        }

        return columns;
    }

    private static void Print(IAnsiConsole console, string title, MacLedger ledger, MacLedger? whole, IReadOnlyList<(string Title, Accounting Accounting)> columns)
    {
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("module").NoWrap());
        foreach (var (name, _) in columns)
        {
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        }

        foreach (var part in ledger.Tree().Parts)
        {
            Add(table, part, 0, columns);
        }

        table.AddEmptyRow();
        table.AddRow(["total", .. columns.Select(column => Cell(ledger.Total(column.Accounting)))]);
        table.AddRow(["exactly", .. columns.Select(column => Exact(ledger.Total(column.Accounting)))]);
        if (whole is not null)
        {
            table.AddRow(["of the whole", .. columns.Select(column => Part(ledger, whole, column.Accounting))]);
        }

        console.Write(table);
    }

    private static void Add(Table table, LedgerNode node, int depth, IReadOnlyList<(string Title, Accounting Accounting)> columns)
    {
        // A chain of single parts is one line: "encoder.layer.*".
        var name = node.Name;
        while (node.Parts.Count == 1)
        {
            node = node.Parts[0];
            name = $"{name}.{node.Name}";
        }

        if (columns.All(column => node.Sum.Of(column.Accounting) == 0))
        {
            return;
        }

        table.AddRow([new string(' ', 2 * depth) + Markup.Escape(name), .. columns.Select(column => Cell(node.Sum.Of(column.Accounting)))]);
        foreach (var part in node.Parts)
        {
            Add(table, part, depth + 1, columns);
        }
    }

    private static string Cell(long macs) => macs == 0 ? "·" : (macs / 1e9).ToString("N3", CultureInfo.InvariantCulture);

    private static string Exact(long macs) => macs.ToString("N0", CultureInfo.InvariantCulture);

    private static string Part(MacLedger part, MacLedger whole, Accounting accounting) =>
        ((double)part.Total(accounting) / whole.Total(accounting)).ToString("P1", CultureInfo.InvariantCulture);
}

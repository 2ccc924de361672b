using System.Text.Json.Nodes;
using Madtp.Kit.Cost;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>Ledgers as JSON, integers throughout: each map of modules sums to the figure it belongs to.</summary>
internal static class MacsJson
{
    public static JsonObject Of(IEnumerable<MacsReport> reports)
    {
        var root = new JsonObject();
        foreach (var report in reports)
        {
            root[report.Name] = Model(report);
        }

        return root;
    }

    private static JsonObject Model(MacsReport report)
    {
        var model = new JsonObject
        {
            ["paper"] = report.Whole.Total(Accounting.Paper),
            ["paper_with_mag"] = report.Whole.Total(Accounting.PaperWithAlignment),
            ["deploy"] = report.Whole.Total(Accounting.Deploy),
            ["deploy_reference"] = report.Whole.Total(Accounting.ReferenceDeploy),
        };
        foreach (var (name, _, macs) in report.Further)
        {
            model[name] = macs;
        }

        model["modules"] = Modules(report.Whole, Accounting.Paper, row => row.Paper);
        model["mag_modules"] = Modules(report.Whole, Accounting.PaperWithAlignment, row => row.PaperWithAlignment - row.Paper);
        model["deploy_modules"] = Modules(report.Whole, Accounting.Deploy, row => row.Deploy);
        if (report.Pruned is { } pruned)
        {
            model["pruned"] = Pruned(pruned);
        }

        return model;
    }

    private static JsonObject Pruned(MacLedger ledger) => new()
    {
        ["vision_tokens"] = new JsonArray([.. ledger.Counts!.Vision.Select(image => (JsonNode)Integers(image))]),
        ["text_tokens"] = ledger.Counts.Text is { } text ? Integers(text) : null,
        ["paper"] = ledger.Total(Accounting.Paper),
        ["deploy"] = ledger.Total(Accounting.Deploy),
        ["modules"] = Modules(ledger, Accounting.Paper, row => row.Paper),
        ["deploy_modules"] = Modules(ledger, Accounting.Deploy, row => row.Deploy),
    };

    private static JsonArray Integers(IEnumerable<int> counts) => new([.. counts.Select(count => (JsonNode)count)]);

    private static JsonObject Modules(MacLedger ledger, Accounting accounting, Func<LedgerRow, long> macs)
    {
        var modules = new JsonObject();
        foreach (var row in ledger.Rows.Where(row => row.Of(accounting) > 0 && macs(row) > 0))
        {
            modules[row.Module] = macs(row);
        }

        return modules;
    }
}

using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit macs</c>: what a model costs, module by module.</summary>
internal static class MacsVerb
{
    public static Command Create()
    {
        var verb = new Verb(
            "macs", "Count a model's multiply-accumulates as the paper does and as deployment pays them.",
            "./kit macs blip-nlvr2", "./kit macs --all --json",
            "./kit macs blip-nlvr2 --vision-tokens 462,369,333,310,270,267,258,251,249,242,241,223");
        var models = verb.Argument<string[]>(
            "MODEL", $"One or more of {string.Join(", ", CostModels.Names)}.", ArgumentArity.ZeroOrMore, [.. CostModels.Names]);
        var all = verb.Option<bool>("--all", "The five models of the paper.");
        var vision = verb.Option<string[]>(
            "--vision-tokens",
            "Tokens after each vision block of a pruned run, class and merged token included. Twice for two images.",
            "462,369,…");
        var text = verb.Option<string>("--text-tokens", "Tokens after each text layer of a pruned run.", "21,21,20,…");
        var length = verb.Number<int>("--text-length", "Tokens of the text that enters, instead of the model's own.", 1,
            1_000_000);
        var method = MethodOption.Add(verb, "Whose overhead a pruned run pays; usually madtp's.");
        var json = Terminal.JsonOption(verb);
        verb.SetAction(parsed =>
        {
            var named = parsed.GetValue(models)!;
            string[] names = parsed.GetValue(all) ? [.. CostModels.OfThePaper.Union(named)] : [.. named.Distinct()];
            if (names.Length == 0)
                throw new ArgumentException($"name a model ({string.Join(", ", CostModels.Names)}), or give --all");

            var counts = Counts(parsed.GetValue(vision)!, parsed.GetValue(text));
            var reduction = (MethodOption.Of(parsed, method) ?? Methods.Of("MADTP")).Pruning?.Policy(1);
            (MacLedger Whole, MacLedger? Pruned)[] ledgers = [.. names
                .Select(CostModels.Named)
                .Select(model => MacLedger.For(model with { TextTokens = parsed.GetValue(length) ?? model.TextTokens }))
                .Select(whole => (whole, counts is null ? null : whole.WithTokens(counts, reduction)))];
            if (parsed.GetValue(json))
            {
                Terminal.Print(ledgers.ToDictionary(model => model.Whole.Model.Name, model => Json(model.Whole, model.Pruned)));
            }
            else
            {
                Array.ForEach(ledgers, model => Print(model.Whole, model.Pruned));
                Console.WriteLine("In 1e9; one multiply-add counts 1. '*' sums over the layers.");
            }
        });
        return verb;
    }

    private static TokenCounts? Counts(string[] vision, string? text) => vision.Length == 0 && text is null
        ? null
        : new TokenCounts(
            [.. vision.Select(list => Integers("--vision-tokens", list))], text is null ? null : Integers("--text-tokens", text));

    private static int[] Integers(string option, string list) =>
    [
        .. list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : throw new ArgumentException($"{option}: '{part}' is not a token count; write them as 462,369,333")),
    ];

    // Deployed figures that the table's columns do not hold.
    private static (string Name, string Meaning, long Macs)[] Further(MacLedger ledger) => ledger.Model switch
    {
        RetrievalCost model =>
        [
            ("pair", "one image-text pair", ledger.Total(Accounting.ReferenceDeploy) / RetrievalCost.Pairs),
            ("deploy_unpadded", "re-ranking with texts of about 13 tokens, unpadded",
                MacLedger.For(model with { PairTokens = 13 }).Total(Accounting.Deploy)),
        ],
        VqaCost =>
        [
            ("before_decoding", "one image and one question", Sum(ledger, Accounting.Deploy, "visual_encoder.", "text_encoder.")),
            ("ranking", $"{VqaCost.Candidates} candidates, question keys once", Sum(ledger, Accounting.Deploy, "text_decoder.")),
            ("ranking_reference", $"{VqaCost.Candidates} candidates, question keys for each",
                Sum(ledger, Accounting.ReferenceDeploy, "text_decoder.")),
        ],
        _ => [],
    };

    private static long Sum(MacLedger ledger, Accounting accounting, params string[] prefixes) => ledger.Rows
        .Where(row => prefixes.Any(prefix => row.Module.StartsWith(prefix, StringComparison.Ordinal)))
        .Sum(row => row.Of(accounting));

    // ---------------------------------------------------------------- JSON: integers; each map of modules sums to its figure

    private static Dictionary<string, object> Json(MacLedger whole, MacLedger? pruned)
    {
        var model = new Dictionary<string, object>
        {
            ["paper"] = whole.Total(Accounting.Paper),
            ["paper_with_mag"] = whole.Total(Accounting.PaperWithAlignment),
            ["deploy"] = whole.Total(Accounting.Deploy),
            ["deploy_reference"] = whole.Total(Accounting.ReferenceDeploy),
        };
        foreach (var (name, _, macs) in Further(whole))
            model[name] = macs;

        model["modules"] = Modules(whole, row => row.Paper);
        model["mag_modules"] = Modules(whole, row => row.PaperWithAlignment - row.Paper);
        model["deploy_modules"] = Modules(whole, row => row.Deploy);
        if (pruned is not null)
        {
            model["pruned"] = new
            {
                vision_tokens = pruned.Counts!.Vision,
                text_tokens = pruned.Counts.Text,
                paper = pruned.Total(Accounting.Paper),
                deploy = pruned.Total(Accounting.Deploy),
                modules = Modules(pruned, row => row.Paper),
                deploy_modules = Modules(pruned, row => row.Deploy),
            };
        }

        return model;

        static Dictionary<string, long> Modules(MacLedger ledger, Func<LedgerRow, long> macs) =>
            ledger.Rows.Where(row => macs(row) > 0).ToDictionary(row => row.Module, macs);
    }

    // ---------------------------------------------------------------- tables: layers summed

    private static void Print(MacLedger whole, MacLedger? pruned)
    {
        List<(string, Accounting)> columns =
            [("paper", Accounting.Paper), ("paper with MAG", Accounting.PaperWithAlignment), ("deploy", Accounting.Deploy)];
        if (whole.Total(Accounting.Deploy) != whole.Total(Accounting.ReferenceDeploy))
            columns.Add(("deploy, as released", Accounting.ReferenceDeploy));

        Print(whole.Model.Name, whole, null, columns);
        foreach (var (_, meaning, macs) in Further(whole))
            Console.WriteLine($"  {meaning}: {Cell(macs)}");

        if (pruned is not null)
            Print($"{whole.Model.Name}, pruned", pruned, whole, [("paper", Accounting.Paper), ("deploy", Accounting.Deploy)]);
    }

    private static void Print(
        string title, MacLedger ledger, MacLedger? whole, IReadOnlyList<(string Name, Accounting Accounting)> columns)
    {
        string[] Row(string name, Func<Accounting, FormattableString> cell) =>
            [name, .. columns.Select(column => FormattableString.Invariant(cell(column.Accounting)))];
        IEnumerable<string[]> Rows(LedgerNode node, int depth)
        {
            // A chain of single parts is one line: "encoder.layer.*".
            var name = node.Name;
            while (node.Parts.Count == 1)
            {
                node = node.Parts[0];
                name = $"{name}.{node.Name}";
            }

            return columns.All(column => node.Sum.Of(column.Accounting) == 0) ? [] : node.Parts
                .SelectMany(part => Rows(part, depth + 1))
                .Prepend(Row(new string(' ', 2 * depth) + name, accounting => $"{Cell(node.Sum.Of(accounting))}"));
        }

        Terminal.Print(title, ["module", .. columns.Select(column => column.Name)],
        [
            .. ledger.Tree().Parts.SelectMany(part => Rows(part, 0)),
            Row("", _ => $""),
            Row("total", accounting => $"{Cell(ledger.Total(accounting))}"),
            Row("exactly", accounting => $"{ledger.Total(accounting):N0}"),
            .. whole is null ? Array.Empty<string[]>()
                : [Row("of the whole", accounting => $"{(double)ledger.Total(accounting) / whole.Total(accounting):P1}")],
        ]);
    }

    private static string Cell(long macs) => macs == 0 ? "·" : (macs / 1e9).ToString("N3", CultureInfo.InvariantCulture);
}

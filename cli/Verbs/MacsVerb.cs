using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>./kit macs</c>: what a model costs, module by module.</summary>
internal static class MacsVerb
{
    public static Command Create()
    {
        var models = new Argument<string[]>("model") { Description = $"One or more of {string.Join(", ", CostModels.Names)}.", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "The five models of the paper." };
        var json = new Option<bool>("--json") { Description = "Print integers as JSON instead of tables." };
        var vision = new Option<string[]>("--vision-tokens") { Description = "Tokens after each vision block of a pruned run, class and merged token included: 462,369,… Twice for two images." };
        var text = new Option<string>("--text-tokens") { Description = "Tokens after each text layer of a pruned run: 21,21,20,…" };
        var length = new Option<int?>("--text-length") { Description = "Tokens of the text that enters, instead of the model's own." };
        var method = new Option<string>("--method") { Description = "Whose overhead a pruned run pays: madtp, static or free.", DefaultValueFactory = _ => "madtp" };
        method.AcceptOnlyFromAmong("madtp", "static", "free");
        var command = new Command("macs", "Count a model's multiply-accumulates as the paper does and as deployment pays them.") { models, all, json, vision, text, length, method };
        command.SetAction(parsed =>
        {
            var names = Names(parsed.GetValue(models)!, parsed.GetValue(all));
            var counts = Counts(parsed.GetValue(vision)!, parsed.GetValue(text));
            var reports = names.Select(name => Report(name, parsed.GetValue(length), counts, parsed.GetValue(method)!)).ToArray();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(MacsJson.Of(reports).ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            }
            else
            {
                MacsTable.Print(Terminal.Out, reports);
            }

            return 0;
        });
        return command;
    }

    private static IReadOnlyList<string> Names(string[] named, bool all)
    {
        IReadOnlyList<string> names = all ? [.. CostModels.OfThePaper, .. named.Except(CostModels.OfThePaper)] : named;
        return names.Count > 0 ? names : throw new ArgumentException($"name a model ({string.Join(", ", CostModels.Names)}), or give --all");
    }

    private static MacsReport Report(string name, int? length, TokenCounts? counts, string method)
    {
        var model = CostModels.Named(name);
        if (length is { } tokens)
        {
            model = tokens >= 1 ? model with { TextTokens = tokens } : throw new ArgumentException($"--text-length {tokens}: a text has at least one token");
        }

        var whole = MacLedger.For(model);
        var overhead = method switch { "static" => StaticPruning.Policy(1) with { Scorer = new ImportanceScorer { Parts = ScoreParts.Class | ScoreParts.Self } }, "free" => null, _ => ReductionPolicy.Fixed };
        return new MacsReport(whole, counts is null ? null : whole.WithTokens(counts, overhead));
    }

    private static TokenCounts? Counts(string[] vision, string? text) => vision.Length == 0 && text is null
        ? null
        : new TokenCounts([.. vision.Select(list => Integers("--vision-tokens", list))], text is null ? null : Integers("--text-tokens", text));

    private static int[] Integers(string option, string list)
    {
        var parts = list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new ArgumentException($"{option}: '{part}' is not a token count; write them as 462,369,333"))];
    }
}

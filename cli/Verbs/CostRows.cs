using System.Globalization;
using Madtp.Kit.Tasks;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>What an evaluation cost, as the last rows of its table of two columns.</summary>
internal static class CostRows
{
    public static void Add(Table table, Evaluation evaluation, string macs)
    {
        var culture = CultureInfo.InvariantCulture;
        table.AddRow(macs, (evaluation.Macs / 1e6).ToString("F2", culture));
        table.AddRow("share of the plain model's", evaluation.MacShare.ToString("P1", culture));
        if (evaluation.Temperature is { } temperature)
        {
            table.AddRow("temperature", temperature.ToString("G6", culture));
        }

        foreach (var (layer, tokens) in evaluation.Tokens)
        {
            table.AddRow($"tokens after {layer}", tokens.ToString("F1", culture));
        }
    }
}

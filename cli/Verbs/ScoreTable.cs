using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Madtp.Kit.Cli.Verbs;

/// <summary>How scores are printed.</summary>
internal static class ScoreTable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>A table of names and numbers.</summary>
    public static void Print(string title, IEnumerable<(string Name, string Value)> rows)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Simple };
        table.AddColumn(new TableColumn("metric").NoWrap());
        table.AddColumn(new TableColumn("score").RightAligned().NoWrap());
        foreach (var (name, value) in rows)
        {
            table.AddRow(Markup.Escape(name), Markup.Escape(value));
        }

        Terminal.Out.Write(table);
    }

    /// <summary>The scores as JSON.</summary>
    public static void Print(ParseResult parsed, JsonNode scores) => parsed.InvocationConfiguration.Output.WriteLine(scores.ToJsonString(Indented));

    /// <summary>A fraction or score as the field prints it.</summary>
    public static string Fraction(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    /// <summary>A percentage.</summary>
    public static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}

using System.Text.Json;
using Spectre.Console;

namespace Madtp.Kit.Cli;

/// <summary>How answers are printed: as JSON, or as tables, in plain text where the output goes to a file or a pipe.</summary>
internal static class Terminal
{
    /// <summary>How JSON is printed.</summary>
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Where tables are printed: standard output as it is now.</summary>
    public static IAnsiConsole Out => Create();

    /// <summary>Adds the option to print JSON.</summary>
    public static Option<bool> JsonOption(Verb verb) => verb.Option<bool>("--json", "Print JSON instead of a table.");

    /// <summary>Prints JSON.</summary>
    /// <param name="value">What it says: maps by name, lists, anonymous types with the names that JSON has.</param>
    public static void Print(object value) => Console.WriteLine(JsonSerializer.Serialize(value, Indented));

    /// <summary>Prints scores by their names.</summary>
    public static void Print(string title, IEnumerable<(string Name, string Value)> scores) =>
        Print(title, ["metric", "score"], scores.Select(score => new[] { score.Name, score.Value }));

    /// <summary>Prints a table with its first columns to the left and its others to the right.</summary>
    public static void Print(string? title, IEnumerable<string> columns, IEnumerable<string[]> rows, int left = 1)
    {
        var table = new Table { Border = TableBorder.Simple, Title = title is null ? null : new(Markup.Escape(title)) };
        foreach (var (number, name) in columns.Index())
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = number < left ? Justify.Left : Justify.Right });

        foreach (var row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);

        Out.Write(table);
    }

    private static IAnsiConsole Create()
    {
        var plain = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        console.Profile.Width = plain ? 160 : console.Profile.Width;
        return console;
    }
}

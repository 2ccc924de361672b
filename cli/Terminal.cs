using System.Text.Json;
using Spectre.Console;

namespace Madtp.Kit.Cli;

/// <summary>How answers are printed: as JSON, or as tables.</summary>
internal static class Terminal
{
    /// <summary>How JSON is printed.</summary>
    public static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Where bars are drawn: standard output as it is now, in plain text where that goes to a file or a pipe.</summary>
    public static IAnsiConsole Out => Create();

    /// <summary>Adds the option to print JSON.</summary>
    public static Option<bool> JsonOption(Verb verb) => verb.Option<bool>("--json", "Print JSON instead of a table.");

    /// <summary>Prints JSON.</summary>
    /// <param name="value">What it says: maps by name, lists, anonymous types with the names that JSON has.</param>
    public static void Print(object value) => Console.WriteLine(JsonSerializer.Serialize(value, Indented));

    /// <summary>Prints scores by their names.</summary>
    public static void Print(string title, IEnumerable<(string Name, string Value)> scores) =>
        Print(title, ["metric", "score"], scores.Select(score => new[] { score.Name, score.Value }));

    /// <summary>Prints a table with its first columns to the left and its others to the right; none is cut.</summary>
    /// <param name="output">Where to; standard output if null.</param>
    public static void Print(
        string? title, IEnumerable<string> columns, IEnumerable<string[]> rows, int left = 1, TextWriter? output = null)
    {
        string[][] all = [[.. columns], .. rows];
        var widths = all[0].Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        var lines = all.Select(row => string.Join("  ", row.Select((cell, column) =>
            column < left ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        foreach (var line in title is null ? lines : [title, .. lines, ""])
            (output ?? Console.Out).WriteLine(CommandLine.Shown(line));
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

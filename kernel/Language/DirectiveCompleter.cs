using System.Text.RegularExpressions;
using Madtp.Kit.Kernel.Execution;

namespace Madtp.Kit.Kernel.Language;

/// <summary>Completes directives, and file names in #r, #load and #!import.</summary>
internal static partial class DirectiveCompleter
{
    /// <returns>Null when the place is not within a directive or such a file name.</returns>
    public static Completion? At(string code, int position)
    {
        var line = code[(code.LastIndexOf('\n', Math.Max(0, position - 1), Math.Max(0, position)) + 1)..position];
        if (Command().Match(line) is { Success: true } command)
        {
            var begun = command.Groups["begun"].Value;
            return new Completion(
                position - begun.Length, position,
                [.. CellSource.Commands.Where(each => each.StartsWith(begun, StringComparison.Ordinal))
                .Select(each => (each, "keyword"))]);
        }

        var match = Directive().Match(line);
        if (!match.Success || match.Groups["path"].Value.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase))
            return null;

        var typed = match.Groups["path"].Value;
        var split = typed.LastIndexOf('/') + 1;
        var (folder, name) = (Path.Combine(".", typed[..split]), typed[split..]);
        string[] wanted = match.Groups["kind"].Value == "#r" ? [".dll"] : [".cs", ".csx", ".ipynb"];
        return new Completion(
            position - name.Length, position,
            [.. Entries(folder, wanted).Where(entry => entry.Text.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(entry => entry.Text, StringComparer.Ordinal)]);
    }

    private static IEnumerable<(string Text, string Kind)> Entries(string folder, string[] wanted)
    {
        if (!Directory.Exists(folder))
            return [];

        try
        {
            return [.. Directory.GetDirectories(folder).Select(path => (Path.GetFileName(path) + "/", "path")),
                .. Directory.GetFiles(folder).Where(path => wanted.Contains(Path.GetExtension(path)))
                    .Select(path => (Path.GetFileName(path), "path"))];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    [GeneratedRegex("""^\s*(?<kind>#r|#load|#!import)\s+"?(?<path>[^"]*)$""", RegexOptions.ExplicitCapture)]
    private static partial Regex Directive();

    [GeneratedRegex("""^\s*(?<begun>#!?\w*)$""", RegexOptions.ExplicitCapture)]
    private static partial Regex Command();
}

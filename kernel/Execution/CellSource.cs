using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>Takes a cell apart into the code to run and the directives between: #r, #i, #load, #!import.</summary>
internal static partial class CellSource
{
    /// <summary>How every cell and file is parsed: as a script, in the newest C#.</summary>
    public static CSharpParseOptions ParseOptions { get; } = new(
        LanguageVersion.Latest, DocumentationMode.Parse, SourceCodeKind.Script);

    /// <summary>The directives there are.</summary>
    public static IReadOnlyList<string> Commands { get; } = ["#r", "#i", "#load", "#!import", "#!csharp"];

    /// <summary>The steps of a cell, with those of the files it loads in their place.</summary>
    /// <param name="text">The cell.</param>
    /// <param name="path">Its name in messages.</param>
    /// <param name="folder">What relative paths start from.</param>
    /// <exception cref="CellException">A directive that cannot be honoured.</exception>
    public static IReadOnlyList<CellStep> Split(string text, string path, string folder)
    {
        var steps = new List<CellStep>();
        Split(text, path, folder, steps, []);
        return steps;
    }

    private static void Split(string text, string path, string folder, List<CellStep> steps, HashSet<string> open)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var start = 0;
        foreach (var (line, directive) in Directives(string.Join('\n', lines)))
        {
            lines[line] = "";
            var match = Directive().Match(directive);
            var (name, target) = (match.Groups["name"].Value, match.Groups["target"].Value);
            switch (name)
            {
                case "#r":
                    steps.Add(new CellStep.Reference(target, folder, path, line + 1));
                    break;
                case "#i":
                    steps.Add(new CellStep.PackageSource(target, path, line + 1));
                    break;
                case "#load" or "#!import":
                    AddCode(lines, start, line, path, steps);
                    start = line;
                    Load(target, new CellStep.Code("", path, line + 1), folder, steps, open);
                    break;
                case "#!csharp" or "#!c#" or "#!C#":
                    break;
                default:
                    throw new CellException(
                        path, line + 1,
                        $"'{directive}' is not a command of this kernel; it knows {string.Join(", ", Commands)}");
            }
        }

        AddCode(lines, start, lines.Length, path, steps);
    }

    private static void AddCode(string[] lines, int start, int end, string path, List<CellStep> steps)
    {
        if (lines[start..end].All(string.IsNullOrWhiteSpace))
            return;

        var text = new string('\n', start) + string.Join('\n', lines[start..end]);
        steps.Add(new CellStep.Code(text, path, start + 1));
    }

    private static void Load(string target, CellStep at, string folder, List<CellStep> steps, HashSet<string> open)
    {
        var file = Path.GetFullPath(target, folder);
        if (target.Length == 0 || !File.Exists(file))
            throw new CellException(at.Path, at.Line, $"'{target}' does not exist (looked for {file})");

        if (!open.Add(file))
            throw new CellException(at.Path, at.Line, $"'{target}' loads itself, by way of {string.Join(" → ", open)}");

        var inside = Path.GetDirectoryName(file)!;
        switch (Path.GetExtension(file).ToLowerInvariant())
        {
            case ".cs" or ".csx":
                Split(File.ReadAllText(file), file, inside, steps, open);
                break;
            case ".ipynb":
                foreach (var (number, code) in CodeCells(file, at))
                    Split(code, $"{file} cell {number}", inside, steps, open);

                break;
            default:
                throw new CellException(at.Path, at.Line, $"'{target}' cannot be loaded: only .cs, .csx and .ipynb files can");
        }

        open.Remove(file);
    }

    private static IEnumerable<(int Number, string Code)> CodeCells(string file, CellStep at)
    {
        JsonArray? cells;
        try
        {
            cells = JsonNode.Parse(File.ReadAllText(file))?["cells"] as JsonArray;
        }
        catch (JsonException broken)
        {
            throw new CellException(at.Path, at.Line, $"'{file}' is not a notebook: {broken.Message}");
        }

        if (cells is null)
            throw new CellException(at.Path, at.Line, $"'{file}' is not a notebook: it has no cells");

        for (var i = 0; i < cells.Count; i++)
        {
            if ((string?)cells[i]?["cell_type"] == "code")
            {
                yield return (i + 1,
                    cells[i]!["source"] is JsonArray lines ? string.Concat(lines.Select(line => (string?)line))
                    : (string?)cells[i]!["source"] ?? "");
            }
        }
    }

    // Only lines the compiler itself takes for directives count (not text in a string literal), and only between statements.
    private static IEnumerable<(int Line, string Text)> Directives(string text)
    {
        if (!text.Contains('#', StringComparison.Ordinal))
            yield break;

        var tree = CSharpSyntaxTree.ParseText(text, ParseOptions);
        var root = (CompilationUnitSyntax)tree.GetRoot();
        HashSet<SyntaxToken> starts = [
            .. root.Members.Select(each => each.GetFirstToken(includeZeroWidth: true)),
            .. root.Usings.Select(each => each.GetFirstToken()), root.EndOfFileToken];
        foreach (var trivia in root.DescendantTrivia().Where(each => each.IsDirective && starts.Contains(each.Token)))
        {
            var directive = trivia.ToFullString().Trim();
            if (Directive().IsMatch(directive))
                yield return (tree.GetLineSpan(trivia.Span).StartLinePosition.Line, directive);
        }
    }

    [GeneratedRegex(
        """^(?<name>\#r|\#i|\#load|\#![\w\#-]*)\s*("(?<target>[^"]*)"|(?<target>.*?))\s*(//.*)?$""",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Directive();
}

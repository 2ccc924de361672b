using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Kernel.Execution;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Madtp.Kit.Tests.Notebooks;

/// <summary>
/// Every notebook's cells compile against the library as it is built, chained as the kernel chains them, and none is run: what a
/// renamed name breaks shows in seconds. They do with what .NET Interactive's kernel brings into scope and their own usings.
/// </summary>
[Collection(nameof(NotebookCompileTests))]
public class NotebookCompileTests
{
    // Microsoft.DotNet.Interactive.CSharp 1.0: CSharpKernel's imports, and the static members of Kernel.
    private static readonly string[] Official =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    [Fact]
    public void The_kernel_brings_into_scope_what_the_official_one_does() => Assert.Equal(Official, ScriptSession.Imports);

    [Fact]
    public void Every_cell_of_every_notebook_compiles()
    {
        var notebooks = Directory.GetFiles(KitPaths.InRepository("notebooks"), "*.ipynb", SearchOption.AllDirectories)
            .Where(path => !path.Contains(".ipynb_checkpoints", StringComparison.Ordinal));
        var (gate, errors) = (new Lock(), new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal));
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = Math.Min(4, Environment.ProcessorCount) };
        Parallel.ForEach(notebooks, atOnce, () => new Libraries(),
            (path, _, libraries) =>
            {
                var name = Path.GetRelativePath(KitPaths.InRepository("notebooks"), path);
                var found = Errors(Cells(path), name, Path.GetDirectoryName(path)!, libraries);
                lock (gate)
                    errors[path] = found;

                return libraries;
            },
            _ => { });
        Assert.True(errors.Count > 20, "the notebooks are not where they were");
        var all = errors.Values.SelectMany(each => each).ToList();
        Assert.True(all.Count == 0, $"{all.Count} errors:\n{string.Join('\n', all)}");
    }

    [Fact]
    public void A_wrong_name_and_a_missing_using_are_found_with_their_cell_and_line()
    {
        string[] cells =
        [
            "var twelve = 12;", "// twelve\ntwelve + 1", "\nvar there = File.Exists(\"x\");", "using System.IO;\nthere",
            "File.Exists(twelve.ToString())\n&& thirteen",
        ];
        Assert.Equal(
        [
            "some.ipynb, code cell 3, line 2: CS0103 The name 'File' does not exist in the current context",
            "some.ipynb, code cell 5, line 2: CS0103 The name 'thirteen' does not exist in the current context",
        ], Errors(cells, "some.ipynb", ".", new Libraries()));
    }

    private static List<string> Errors(IEnumerable<string> cells, string notebook, string folder, Libraries libraries)
    {
        var errors = new List<string>();
        var steps = new List<CellStep>();
        foreach (var (number, cell) in cells.Index())
        {
            try
            {
                steps.AddRange(CellSource.Split(cell, $"code cell {number + 1}", folder));
            }
            catch (CellException refused)
            {
                errors.Add($"{notebook}, {refused.Path}, line {refused.Line}: {refused.Message}");
            }
        }

        // Nothing can be chained to a cell with errors. Later ones are looked at all the same, but for the names it would have declared.
        var references = libraries.Of([.. steps.OfType<CellStep.Reference>()]);
        var missing = new HashSet<string>();
        CSharpCompilation? previous = null;
        foreach (var step in steps.OfType<CellStep.Code>())
        {
            var tree = CSharpSyntaxTree.ParseText(step.Text, CellSource.ParseOptions, step.Path);
            var (compilation, found) = Compile(tree, references, previous);
            if (found.Count == 0)
            {
                previous = compilation;
                continue;
            }

            errors.AddRange(from error in found
                            where !missing.Contains(tree.GetRoot().FindNode(error.Location.SourceSpan).ToString())
                            let line = error.Location.GetLineSpan().StartLinePosition.Line + 1
                            let message = error.GetMessage(CultureInfo.InvariantCulture)
                            select $"{notebook}, {step.Path}, line {line}: {error.Id} {message}");
            missing.UnionWith(Declared(tree));
            var usings = CSharpSyntaxTree.ParseText(string.Concat(tree.GetCompilationUnitRoot().Usings), CellSource.ParseOptions);
            previous = Compile(usings, references, previous) is ({ } alone, []) ? alone : previous;
        }

        return errors;
    }

    // As the kernel does: with the assemblies that most cells need, and with all of the runtime's where that is not enough.
    private static (CSharpCompilation Compilation, List<Diagnostic> Errors) Compile(
        SyntaxTree tree, NotebookReferences references, CSharpCompilation? previous)
    {
        var compilation = Compilation(tree, references.Usual, previous);
        var errors = Found(compilation);
        if (errors.Count > 0)
        {
            compilation = Compilation(tree, references.All, previous);
            errors = Found(compilation);
            if (errors.Count == 0)
                references.Keep(compilation.GetUsedAssemblyReferences());
        }

        return (compilation, errors);
    }

    private static List<Diagnostic> Found(CSharpCompilation compilation) =>
        [.. compilation.GetDiagnostics().Where(each => each.Severity == DiagnosticSeverity.Error)];

    private static CSharpCompilation Compilation(
        SyntaxTree tree, ImmutableArray<MetadataReference> references, CSharpCompilation? previous)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: Official, allowUnsafe: true);
        var name = $"cell{Guid.NewGuid():N}";
        return CSharpCompilation.CreateScriptCompilation(name, tree, references, options, previous, typeof(object));
    }

    private static IEnumerable<string> Declared(SyntaxTree tree) => tree.GetRoot().DescendantNodes().Select(node => node switch
    {
        VariableDeclaratorSyntax variable => variable.Identifier.Text,
        SingleVariableDesignationSyntax variable => variable.Identifier.Text,
        MethodDeclarationSyntax method => method.Identifier.Text,
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        _ => "",
    });

    private static IEnumerable<string> Cells(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("cell_type").GetString() == "code")
            .Select(cell => string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())))];
    }

    /// <summary>What notebooks refer to, read once for all that refer to the same; for one thread.</summary>
    private sealed class Libraries
    {
        private readonly Dictionary<string, NotebookReferences> known = [];

        public NotebookReferences Of(IReadOnlyList<CellStep.Reference> steps)
        {
            var files = steps.Select(step => Path.GetFullPath(step.Target, step.Folder));
            var key = string.Join('|', files.Distinct().Order(StringComparer.Ordinal));
            if (!known.TryGetValue(key, out var references))
            {
                known[key] = references = new NotebookReferences(new NotebookLoadContext());
                foreach (var step in steps)
                    references.Add(step);
            }

            return references;
        }
    }
}

using System.Text.Json;
using Madtp.Kit.Kernel.Execution;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Madtp.Kit.Tests.Notebooks;

/// <summary>Notebooks are for .NET Interactive's kernel as well: cells compile with what it brings into scope and their own usings.</summary>
public class DefaultUsingsTests
{
    // Microsoft.DotNet.Interactive.CSharp 1.0: CSharpKernel's imports, and the static members of Kernel.
    private static readonly string[] Official =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    public static TheoryData<string> Notebooks =>
        [.. new[] { "", "solutions" }.SelectMany(folder => Directory.GetFiles(KitPaths.InRepository("notebooks", folder), "*.ipynb"))
            .Select(path => Path.GetRelativePath(KitPaths.InRepository("notebooks"), path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_kernel_brings_into_scope_what_the_official_one_does() => Assert.Equal(Official, ScriptSession.Imports);

    [Theory]
    [Trait("speed", "slow")]
    [MemberData(nameof(Notebooks))]
    public void Every_cell_compiles_with_the_official_usings_and_its_own(string notebook)
    {
        var path = KitPaths.InRepository("notebooks", notebook);
        var references = new NotebookReferences(new NotebookLoadContext());
        var steps = CodeCells(path).SelectMany((cell, i) => CellSource.Split(cell, $"code cell {i + 1}", Path.GetDirectoryName(path)!)).ToList();
        steps.OfType<CellStep.Reference>().ToList().ForEach(step => references.Add(step));
        CSharpCompilation? previous = null;
        foreach (var step in steps.OfType<CellStep.Code>())
        {
            previous = Compile(step, references, previous);
            var errors = previous.GetDiagnostics().Where(each => each.Severity == DiagnosticSeverity.Error).Select(each => $"{notebook}, {each}");
            Assert.Empty(errors);
        }
    }

    [Fact]
    public void A_cell_that_leaves_out_a_using_is_found()
    {
        var step = Assert.IsType<CellStep.Code>(Assert.Single(CellSource.Split("File.Exists(\"x\")", "cell", ".")));
        Assert.Contains(Compile(step, new NotebookReferences(new NotebookLoadContext()), null).GetDiagnostics(), each => each.Id == "CS0103");
    }

    private static CSharpCompilation Compile(CellStep.Code step, NotebookReferences references, CSharpCompilation? previous)
    {
        var tree = CSharpSyntaxTree.ParseText(step.Text, CellSource.ParseOptions, step.Path);
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, usings: Official, allowUnsafe: true);
        return CSharpCompilation.CreateScriptCompilation($"cell{Guid.NewGuid():N}", tree, references.All, options, previous, typeof(object));
    }

    private static IEnumerable<string> CodeCells(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("cell_type").GetString() == "code")
            .Select(cell => string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())))];
    }
}

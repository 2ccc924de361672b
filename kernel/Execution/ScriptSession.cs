using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// The chain of cells: each is compiled as a script that continues the one before, and sees its variables, types and usings.
/// </summary>
internal sealed class ScriptSession
{
    /// <summary>What .NET Interactive brings into scope, and no more, so that a notebook means the same there.</summary>
    public static readonly ImmutableArray<string> Imports =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "Microsoft.DotNet.Interactive.Kernel",
    ];

    private readonly NotebookLoadContext loader = new();
    private CSharpCompilation? previous;
    private object?[] states = new object?[64];
    private int count;

    public ScriptSession() => References = new NotebookReferences(loader);

    public NotebookReferences References { get; }

    /// <summary>Runs the code of one step on the calling thread, as far as it does not itself move to others.</summary>
    /// <exception cref="CompilationFailedException">The code does not compile; nothing ran.</exception>
    public CellValue Run(CellStep.Code step, CancellationToken cancellation)
    {
        var compiled = Compile(step, cancellation);
        previous = compiled.Compilation;
        if (compiled.Assembly is null)
            return CellValue.None;

        if (states.Length <= count + 2)
            Array.Resize(ref states, states.Length * 2);

        count++;
        var running = compiled.EntryPoint!(states);
        try
        {
            var result = running.GetAwaiter().GetResult();
            return new CellValue(result, compiled.HasValue || result is not null);
        }
        catch (ThreadInterruptedException) when (!running.IsCompleted)
        {
            throw new AwaitInterruptedException();
        }
    }

    /// <summary>The code as a continuation of all cells so far, for questions about it; nothing is kept.</summary>
    public CSharpCompilation Ask(SyntaxTree tree) => Create(tree, References.All);

    private Compiled Compile(CellStep.Code step, CancellationToken cancellation)
    {
        var tree = CSharpSyntaxTree.ParseText(
            SourceText.From(step.Text, Encoding.UTF8), CellSource.ParseOptions, step.Path, cancellation);
        using MemoryStream image = new(), symbols = new();
        var (compilation, emitted) = Emit(Create(tree, References.Usual), image, symbols, cancellation);
        if (Errors(emitted).Count > 0)
        {
            // The cell may need more of the runtime than cells usually do.
            (compilation, emitted) = Emit(Create(tree, References.All), image, symbols, cancellation);
            if (Errors(emitted) is { Count: > 0 } errors)
                throw new CompilationFailedException(errors);

            References.Keep(compilation.GetUsedAssemblyReferences(cancellation));
        }

        // No errors and no success: there was nothing but usings and the like, which later cells see through the chain.
        if (!emitted.Success)
            return new Compiled(compilation, null, null, false);

        var assembly = loader.LoadSubmission(image, symbols);
        return new Compiled(
            compilation, assembly, EntryPoint(compilation, assembly, cancellation), HasValue(compilation, cancellation));
    }

    private CSharpCompilation Create(SyntaxTree tree, ImmutableArray<MetadataReference> references)
    {
        var number = count.ToString(CultureInfo.InvariantCulture);
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            scriptClassName: $"Submission#{number}",
            usings: Imports,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        return CSharpCompilation.CreateScriptCompilation(
            $"Submission#{number}.{Guid.NewGuid():N}", tree, references, options, previous, typeof(object));
    }

    // With checks for a stop; as it stands where it has errors, so that these are of what was written.
    private static (CSharpCompilation Compilation, EmitResult Result) Emit(
        CSharpCompilation plain, MemoryStream image, MemoryStream symbols, CancellationToken cancellation)
    {
        EmitResult Into(CSharpCompilation compilation)
        {
            image.SetLength(0);
            symbols.SetLength(0);
            return compilation.Emit(
                image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb),
                cancellationToken: cancellation);
        }

        var stoppable = StopChecks.Into(plain);
        var result = Into(stoppable);
        return Errors(result).Count == 0 ? (stoppable, result) : (plain, Into(plain));
    }

    private static List<Diagnostic> Errors(EmitResult result) =>
        [.. result.Diagnostics.Where(each => each.Severity == DiagnosticSeverity.Error)];

    private static Func<object?[],
        Task<object?>> EntryPoint(CSharpCompilation compilation, Assembly assembly, CancellationToken cancellation)
    {
        var entry = compilation.GetEntryPoint(cancellation)!;
        var method = assembly.GetType(entry.ContainingType.MetadataName)!.GetMethod(
            entry.MetadataName, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!;
        return method.CreateDelegate<Func<object?[], Task<object?>>>();
    }

    // A last expression without a semicolon is the cell's value, unless it has none to give.
    private static bool HasValue(CSharpCompilation compilation, CancellationToken cancellation) =>
        ((CompilationUnitSyntax)compilation.SyntaxTrees[0].GetRoot(cancellation)).Members.LastOrDefault() is GlobalStatementSyntax
        {
            Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } last,
        }
        && compilation.GetSemanticModel(compilation.SyntaxTrees[0])
            .GetTypeInfo(last.Expression, cancellation).Type is not { SpecialType: SpecialType.System_Void };

    private sealed record Compiled(
        CSharpCompilation Compilation, Assembly? Assembly, Func<object?[], Task<object?>>? EntryPoint, bool HasValue);
}

/// <summary>What a cell's last expression gave.</summary>
internal readonly record struct CellValue(object? Value, bool Exists)
{
    public static CellValue None => default;
}

/// <summary>The compiler's errors in a cell.</summary>
internal sealed class CompilationFailedException(IReadOnlyList<Diagnostic> errors) : Exception("compilation failed")
{
    public IReadOnlyList<Diagnostic> Errors => errors;
}

/// <summary>The cell was interrupted while it waited for something that goes on without it.</summary>
internal sealed class AwaitInterruptedException() : Exception("the cell was interrupted while it awaited");

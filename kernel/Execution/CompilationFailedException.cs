using Microsoft.CodeAnalysis;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>The compiler's errors in a cell.</summary>
internal sealed class CompilationFailedException(IReadOnlyList<Diagnostic> errors) : Exception("compilation failed")
{
    public IReadOnlyList<Diagnostic> Errors => errors;
}

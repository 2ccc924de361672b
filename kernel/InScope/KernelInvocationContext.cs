using Notebook = Madtp.Kit.Kernel.Output.Notebook;

namespace Microsoft.DotNet.Interactive;

/// <summary>The running cell, as .NET Interactive names it. Long loops watch its token, which an interrupt cancels.</summary>
public sealed class KernelInvocationContext
{
    private KernelInvocationContext()
    {
    }

    public static KernelInvocationContext Current { get; } = new();

    /// <summary>Cancelled when the running cell is interrupted.</summary>
    public CancellationToken CancellationToken => Notebook.Current.Token;
}

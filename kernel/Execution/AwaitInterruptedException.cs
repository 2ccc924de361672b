namespace Madtp.Kit.Kernel.Execution;

/// <summary>The cell was interrupted while it waited for something that goes on without it.</summary>
internal sealed class AwaitInterruptedException() : Exception("the cell was interrupted while it awaited");

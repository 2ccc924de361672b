using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// One run of one cell. It travels with the code the cell starts (threads, tasks, timers), so that what they print later
/// still belongs to their cell.
/// </summary>
internal sealed class CellContext(Message request, int number, string path, bool silent, bool allowInput)
{
    private static readonly AsyncLocal<CellContext?> Ambient = new();
    private static volatile CellContext? latest;

    private readonly CancellationTokenSource interrupt = new();
    private volatile bool stopped;
    private bool hasEnded;

    /// <summary>The cell whose code is running on this thread; where that is not known, the one that began last.</summary>
    public static CellContext? Current => Ambient.Value ?? latest;

    /// <summary>The request this run answers.</summary>
    public Message Request => request;

    /// <summary>The execution count shown beside the cell.</summary>
    public int Number => number;

    /// <summary>What messages call its code.</summary>
    public string Path => path;

    /// <summary>Nothing of this run is to be shown.</summary>
    public bool Silent => silent;

    /// <summary>The front end can answer questions.</summary>
    public bool AllowInput => allowInput;

    /// <summary>Cancelled by an interrupt.</summary>
    public CancellationToken Token => interrupt.Token;

    public bool IsInterrupted => interrupt.IsCancellationRequested;

    /// <summary>Makes this the current cell of the calling thread and of what it starts.</summary>
    public void Enter()
    {
        latest = this;
        Ambient.Value = this;
    }

    /// <summary>Asks the cell to end. Tokens are cancelled off this thread, for a cell's callbacks may do anything.</summary>
    public void Interrupt() => _ = interrupt.CancelAsync();

    /// <summary>Ends the cell's own code at its next <see cref="StopCheck"/>.</summary>
    public void Stop()
    {
        lock (interrupt)
        {
            if (stopped || hasEnded)
                return;

            stopped = true;
            StopCheck.Count(1);
        }
    }

    /// <summary>The cell's thread came to its end.</summary>
    public void Leave()
    {
        lock (interrupt)
        {
            hasEnded = true;
            if (stopped)
                StopCheck.Count(-1);
        }
    }

    public void ThrowIfStopped()
    {
        if (stopped)
            throw new OperationCanceledException(interrupt.Token);
    }

    /// <summary>Ends the caller where its cell was interrupted: every print and display asks, which stops most loops.</summary>
    public void ThrowIfInterrupted() => interrupt.Token.ThrowIfCancellationRequested();
}

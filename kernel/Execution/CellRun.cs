namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// A cell at work on a thread of its own, which an interrupt can end. It asks first (the cell's token; prints and displays
/// throw), then ends the cell's own code at its next function or turn of a loop, then wakes the thread if it sleeps or waits.
/// What even so does not end (it computes in a library, sits in a native call, or awaits something) is left behind, and the cell
/// counts as ended. There is no forcing it: an abort (ControlledExecution) ends the process on Unix, where nothing catches what
/// the runtime throws as a function returns.
/// </summary>
internal sealed class CellRun(CellContext cell)
{
    private const int StackSize = 16 * 1024 * 1024;

    private static readonly TimeSpan Asking = TimeSpan.FromSeconds(0.6), Stopping = TimeSpan.FromSeconds(0.6),
        Waking = TimeSpan.FromSeconds(2);

    private readonly ManualResetEventSlim ended = new();
    private CellOutcome? outcome;
    private Thread? thread;
    private int interrupts;

    /// <summary>Runs the work to its end, or to the end of patience with it.</summary>
    public CellOutcome Run(Func<CellOutcome> work)
    {
        thread = new Thread(() => Work(work), StackSize) { IsBackground = true, Name = $"cell {cell.Number}" };
        thread.Start();
        ended.Wait();
        return outcome!;
    }

    /// <summary>Ends the cell; returns at once.</summary>
    public void Interrupt()
    {
        cell.Interrupt();
        if (Interlocked.Increment(ref interrupts) == 1)
            new Thread(Insist) { IsBackground = true, Name = "interrupt" }.Start();
    }

    private void Work(Func<CellOutcome> work)
    {
        try
        {
            cell.Enter();
            End(work());
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or ThreadInterruptedException)
        {
            End(CellOutcome.Failed(FailureReport.Interrupted));
        }
        finally
        {
            cell.Leave();
        }
    }

    private void Insist()
    {
        if (ended.Wait(Asking))
            return;

        cell.Stop();
        if (ended.Wait(Stopping))
            return;

        thread?.Interrupt();
        if (!ended.Wait(Waking))
            End(CellOutcome.Failed(FailureReport.NotStopped));
    }

    private void End(CellOutcome how)
    {
        if (Interlocked.CompareExchange(ref outcome, how, null) is null)
            ended.Set();
    }
}

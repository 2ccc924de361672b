using System.Runtime;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>
/// A cell at work on a thread of its own, which an interrupt can end. It asks first (the cell's token; prints and displays
/// throw), then wakes the thread if it sleeps or waits, then aborts the managed code on it. Code that even so does not end (it
/// sits in a native call, or moved to another thread by an await) is left behind, and the cell counts as ended.
/// </summary>
internal sealed class CellRun(CellContext cell)
{
    private const int StackSize = 16 * 1024 * 1024;

    private static readonly TimeSpan Asking = TimeSpan.FromSeconds(0.6), Waking = TimeSpan.FromSeconds(0.6),
        Aborting = TimeSpan.FromSeconds(2);

    private readonly ManualResetEventSlim ended = new();
    private readonly CancellationTokenSource abort = new();
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
            // Meant for exactly this: ending a cell that does not listen. The kernel's own state is never touched inside.
#pragma warning disable SYSLIB0046
            ControlledExecution.Run(() => End(work()), abort.Token);
#pragma warning restore SYSLIB0046
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or ThreadInterruptedException)
        {
            End(CellOutcome.Failed(FailureReport.Interrupted));
        }
    }

    private void Insist()
    {
        if (ended.Wait(Asking))
            return;

        thread?.Interrupt();
        if (ended.Wait(Waking))
            return;

        // Aborting waits for the thread to give in, which it may never do.
        new Thread(abort.Cancel) { IsBackground = true, Name = "abort" }.Start();
        if (!ended.Wait(Aborting))
            End(CellOutcome.Failed(FailureReport.NotStopped));
    }

    private void End(CellOutcome how)
    {
        if (Interlocked.CompareExchange(ref outcome, how, null) is null)
            ended.Set();
    }
}

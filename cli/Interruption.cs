using System.Runtime.InteropServices;

namespace Madtp.Kit.Cli;

/// <summary>Ctrl+C, and the signal that batch systems send before they end a job: the first one asks a verb to stop where it can
/// go on later, a second one ends the process.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] signals;

    public Interruption() => signals =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => stop.Token;

    public void Dispose()
    {
        Array.ForEach(signals, signal => signal.Dispose());
        stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (!stop.IsCancellationRequested)
        {
            context.Cancel = true; // the process goes on, to finish what it has in hand
            CommandLine.Interrupted = context.Signal == PosixSignal.SIGTERM ? 143 : 130;
            Console.Error.WriteLine($"{Environment.NewLine}kit: stopping after what is in hand; once more stops at once");
            stop.Cancel();
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Cli;

/// <summary>Shows how far an evaluation is, on standard error: one line that updates in a terminal, a line every ten seconds elsewhere.</summary>
internal sealed class EvaluationView : IProgress<EvaluationProgress>, IDisposable
{
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(10);
    private readonly bool live = !Console.IsErrorRedirected;
    private readonly Stopwatch sinceStep = Stopwatch.StartNew();
    private readonly Stopwatch sinceLine = Stopwatch.StartNew();
    private string step = string.Empty;
    private int first;
    private bool isOpen;

    public void Report(EvaluationProgress value)
    {
        if (value.Step != step)
        {
            Dispose();
            (step, first) = (value.Step, value.Done);
            sinceStep.Restart();
        }

        if (live)
        {
            Console.Error.Write($"\r{Line(value)}\u001b[K");
            isOpen = true;
        }
        else if (sinceLine.Elapsed > Apart)
        {
            Console.Error.WriteLine(Line(value));
            sinceLine.Restart();
        }
    }

    public void Dispose()
    {
        if (isOpen)
        {
            Console.Error.WriteLine();
            isOpen = false;
        }
    }

    private string Line(EvaluationProgress value)
    {
        if (value.Total == 0)
        {
            return $"{value.Step}: {value.Done}";
        }

        var done = value.Done - first;
        var left = done > 0 ? sinceStep.Elapsed / done * (value.Total - value.Done) : TimeSpan.Zero;
        return string.Create(CultureInfo.InvariantCulture, $"{value.Step}: {value.Done} of {value.Total}{(done > 0 ? $", {left:d\\.hh\\:mm\\:ss} left" : string.Empty)}");
    }
}

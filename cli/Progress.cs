using System.Diagnostics;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli;

/// <summary>Shows a training: one line that updates in a terminal, one line an epoch elsewhere.</summary>
/// <param name="output">Where; standard output if null.</param>
/// <param name="terminal">Whether that is a terminal; found out if null.</param>
internal sealed class TrainingView(TextWriter? output = null, bool? terminal = null) : IDisposable
{
    private readonly TextWriter output = output ?? Console.Out;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly bool live = terminal ?? !Console.IsOutputRedirected;
    private int first = -1;

    public void Show(TrainingProgress progress)
    {
        if (progress.Notice is { } notice)
        {
            CommandLine.Remark($"{notice}");
        }

        first = first < 0 ? progress.Step - 1 : first;
        if (progress is { IsNew: true, Latest: { } record } && (live || record.EndsEpoch))
        {
            output.Write(live ? $"\r{Line(progress, record)}\u001b[K" : Line(progress, record));
            output.Write(record.EndsEpoch ? Environment.NewLine : string.Empty);
        }
    }

    public void Dispose()
    {
        if (live)
        {
            output.WriteLine();
        }
    }

    private string Line(TrainingProgress progress, TrainingRecord record)
    {
        var perStep = watch.Elapsed / Math.Max(1, progress.Step - first);
        var left = perStep * (progress.TotalSteps - progress.Step);
        var strength = record.Strength is null ? "" : FormattableString.Invariant(
            $"  strength {record.Strength:G4}  tokens {record.ImageTokens:F1}/{record.TextTokens:F1}");
        var validation = record.Validation is null ? "" : FormattableString.Invariant($"  validation {record.Validation:P1}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {record.Epoch,2}  step {progress.Step,5}/{progress.TotalSteps}  loss {record.Loss:F3}  task {record.Task:F3}"
            + $"  accuracy {record.Accuracy:P1}{strength}{validation}"
            + $"  {perStep.TotalMilliseconds:F0} ms/step  {left:hh\\:mm\\:ss} left");
    }
}

/// <summary>Shows how far an evaluation is, on standard error: one line that updates in a terminal, a line every ten seconds
/// elsewhere.</summary>
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
        var done = value.Done - first;
        var left = done > 0 ? sinceStep.Elapsed / done * (value.Total - value.Done) : TimeSpan.Zero;
        return value.Total == 0 ? $"{value.Step}: {value.Done}"
            : $"{value.Step}: {value.Done} of {value.Total}{(done > 0 ? $", {left:d\\.hh\\:mm\\:ss} left" : string.Empty)}";
    }
}

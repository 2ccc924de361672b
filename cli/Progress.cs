using System.Diagnostics;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Cli;

/// <summary>Shows how far a training or an evaluation is: in a terminal in one line that updates, elsewhere in a line an epoch,
/// or every ten seconds.</summary>
/// <param name="output">Where.</param>
/// <param name="live">Whether that is a terminal.</param>
internal sealed class ProgressView(TextWriter output, bool live) : IProgress<EvaluationProgress>, IDisposable
{
    private readonly Stopwatch sinceStep = Stopwatch.StartNew();
    private readonly Stopwatch sinceLine = Stopwatch.StartNew();
    private string step = string.Empty;
    private int first;
    private int last;
    private bool isOpen;

    /// <summary>On standard output.</summary>
    public static ProgressView Out() => new(Console.Out, !Console.IsOutputRedirected);

    /// <summary>On standard error, where standard output has the answer alone.</summary>
    public static ProgressView Error() => new(Console.Error, !Console.IsErrorRedirected);

    /// <summary>Shows a training's newest line of the log.</summary>
    public void Show(TrainingProgress progress)
    {
        if (progress.Notice is { } notice)
            CommandLine.Remark(notice);

        if (progress is { IsNew: true, Latest: { } record })
        {
            var strength = record.Strength is null ? "" : FormattableString.Invariant(
                $"  strength {record.Strength:G4}  tokens {record.ImageTokens:F1}/{record.TextTokens:F1}");
            var validation = record.Validation is null ? "" : FormattableString.Invariant($"  validation {record.Validation:P1}");
            var left = TimeLeft.Of(progress.Left!.Value);
            Write(record.EndsEpoch, FormattableString.Invariant(
                $"epoch {record.Epoch,2}  step {progress.Step,5}/{progress.TotalSteps}  loss {record.Loss:F3}")
                + FormattableString.Invariant($"  task {record.Task:F3}  accuracy {record.Accuracy:P1}{strength}{validation}")
                + FormattableString.Invariant($"  {record.Seconds / record.Step:F3} s/step  {left}"));
        }
    }

    public void Report(EvaluationProgress value)
    {
        if (value.Step != step || value.Done < last) // another split's step has the same name
        {
            Dispose();
            (step, first) = (value.Step, value.Done);
            sinceStep.Restart();
        }

        last = value.Done;
        var done = last - first;
        var left = done > 0 ? $", {TimeLeft.Of(sinceStep.Elapsed / done * (value.Total - last))}" : string.Empty;
        Write(sinceLine.Elapsed.TotalSeconds > 10 && !live,
            value.Total == 0 ? $"{value.Step}: {value.Done}" : $"{value.Step}: {value.Done} of {value.Total}{left}");
    }

    /// <summary>Ends the line.</summary>
    public void Dispose()
    {
        if (isOpen)
        {
            output.WriteLine();
            isOpen = false;
        }
    }

    private void Write(bool ends, string line)
    {
        if (live || ends)
        {
            output.Write(live ? $"\r{line}\u001b[K" : line);
            isOpen = true;
            sinceLine.Restart();
        }

        if (ends)
            Dispose();
    }
}

using System.Diagnostics;
using System.Globalization;
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
        first = first < 0 ? progress.Step - 1 : first;
        if (!progress.IsNew || progress.Latest is not { } record)
        {
            return;
        }

        if (live)
        {
            output.Write($"\r{Line(progress, record)}\u001b[K");
        }

        if (record.EndsEpoch)
        {
            output.WriteLine(live ? string.Empty : Line(progress, record));
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
        FormattableString line = $"epoch {record.Epoch,2}  step {progress.Step,5}/{progress.TotalSteps}  loss {record.Loss:F3}  task {record.Task:F3}  accuracy {record.Accuracy:P1}";
        FormattableString reduced = $"  dial {record.Dial:G4}  tokens {record.ImageTokens:F1}/{record.TextTokens:F1}";
        FormattableString rest = $"{(record.Validation is { } v ? string.Create(CultureInfo.InvariantCulture, $"  validation {v:P1}") : string.Empty)}  {perStep.TotalMilliseconds:F0} ms/step  {left:hh\\:mm\\:ss} left";
        return FormattableString.Invariant(line) + (record.Dial is null ? string.Empty : FormattableString.Invariant(reduced)) + FormattableString.Invariant(rest);
    }
}

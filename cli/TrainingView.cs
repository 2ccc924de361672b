using System.Diagnostics;
using System.Globalization;
using Madtp.Kit.Training;
using Spectre.Console;

namespace Madtp.Kit.Cli;

/// <summary>Shows a training: one line that updates in a terminal, one line an epoch elsewhere.</summary>
internal sealed class TrainingView : IDisposable
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly bool live = !Console.IsOutputRedirected;
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
            AnsiConsole.Write($"\r{Line(progress, record)}\u001b[K");
        }

        if (record.EndsEpoch)
        {
            Console.WriteLine(live ? string.Empty : Line(progress, record));
        }
    }

    public void Dispose()
    {
        if (live)
        {
            Console.WriteLine();
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

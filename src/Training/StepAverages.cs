using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Means over the steps between two lines of the log. Losses are summed where they were computed and read once.</summary>
internal sealed class StepAverages
{
    private Tensor? sums;
    private int parts;
    private int steps;
    private double norm;
    private double imageTokens;
    private double textTokens;
    private double macs;
    private bool hasAlignment;
    private bool hasAuxiliary;
    private bool hasTokens;
    private bool hasMacs;

    /// <summary>Adds what a batch, or a part of it, came to.</summary>
    public void Add(Tensor total, StepLosses losses)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var none = zeros_like(total);
        var row = stack([total.detach(), losses.Task.detach(), losses.Correct.detach(), losses.Alignment?.detach() ?? none, losses.Auxiliary?.detach() ?? none]);
        if (sums is null)
        {
            sums = row.clone().DetachFromDisposeScope();
        }
        else
        {
            sums.add_(row);
        }

        parts++;
        hasAlignment |= losses.Alignment is not null;
        hasAuxiliary |= losses.Auxiliary is not null;
        hasTokens |= losses.ImageTokens is not null;
        hasMacs |= losses.Macs is not null;
        imageTokens += losses.ImageTokens ?? 0;
        textTokens += losses.TextTokens ?? 0;
        macs += losses.Macs ?? 0;
    }

    /// <summary>Ends a step.</summary>
    public void Step(double gradientNorm)
    {
        steps++;
        norm += gradientNorm;
    }

    public TrainingRecord Take()
    {
        using var read = sums!.cpu();
        var values = read.data<float>().ToArray();
        var record = new TrainingRecord(0, 0)
        {
            Loss = Mean(values[0]),
            Task = Mean(values[1]),
            Accuracy = Mean(values[2]),
            Alignment = hasAlignment ? Mean(values[3]) : null,
            Auxiliary = hasAuxiliary ? Mean(values[4]) : null,
            GradientNorm = Math.Round(norm / steps, 6),
            ImageTokens = hasTokens ? Mean(imageTokens) : null,
            TextTokens = hasTokens ? Mean(textTokens) : null,
            Macs = hasMacs ? Math.Round(macs / parts) : null,
        };
        sums!.Dispose();
        (sums, parts, steps, norm, imageTokens, textTokens, macs) = (null, 0, 0, 0, 0, 0, 0);
        (hasAlignment, hasAuxiliary, hasTokens, hasMacs) = (false, false, false, false);
        return record;
    }

    // Six digits are more than anyone reads and keep lines short.
    private double Mean(double sum) => Math.Round(sum / parts, 6);
}

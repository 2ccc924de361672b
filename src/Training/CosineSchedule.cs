namespace Madtp.Kit.Training;

/// <summary>A learning rate that rises linearly from zero and falls along half a cosine.</summary>
/// <param name="Peak">The rate at the end of the warm-up.</param>
/// <param name="WarmupSteps">Steps of the rise.</param>
/// <param name="TotalSteps">Steps in all.</param>
/// <param name="Final">The rate that the last step comes close to.</param>
public sealed record CosineSchedule(double Peak, int WarmupSteps, int TotalSteps, double Final = 0)
{
    /// <summary>The rate of a step, counted from 0: Peak·(step + 1)/WarmupSteps at first, then Final + (Peak − Final)·(1 + cos πt)/2, t from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public double At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmupSteps)
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        var done = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps));
        return Final + ((Peak - Final) * (1 + Math.Cos(Math.PI * done)) / 2);
    }
}

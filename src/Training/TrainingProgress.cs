namespace Madtp.Kit.Training;

/// <summary>How far a training is, for whoever shows it.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="TotalSteps">Steps in all.</param>
/// <param name="Latest">The newest line of the log; null before the first.</param>
/// <param name="IsNew">Whether this step wrote that line.</param>
public sealed record TrainingProgress(int Step, int TotalSteps, TrainingRecord? Latest, bool IsNew)
{
    /// <summary>How long the rest will take, by the time that the logged steps took; null before the first line of the log.</summary>
    public TimeSpan? Left => Latest is { Step: > 0 } line ? TimeSpan.FromSeconds(line.Seconds / line.Step * (TotalSteps - Step)) : null;

    /// <summary>The state in a line.</summary>
    public override string ToString()
    {
        var left = Left is { } time && Step < TotalSteps ? FormattableString.Invariant($", {time:hh\\:mm\\:ss} left") : string.Empty;
        return FormattableString.Invariant($"step {Step} of {TotalSteps}{left}");
    }
}

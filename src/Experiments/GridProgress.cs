namespace Madtp.Kit.Experiments;

/// <summary>Where a grid stands.</summary>
/// <param name="Done">Experiments with a result.</param>
/// <param name="Total">All experiments.</param>
/// <param name="Running">Those being run.</param>
/// <param name="Left">How long the rest will take, by those done so far; null before the first is done.</param>
public sealed record GridProgress(int Done, int Total, IReadOnlyList<Experiment> Running, TimeSpan? Left)
{
    /// <summary>The state in a line.</summary>
    public override string ToString()
    {
        var left = Left is { } time ? FormattableString.Invariant($", {time:hh\\:mm\\:ss} left") : string.Empty;
        var running = Running.Count == 0 ? string.Empty : $"; running {string.Join(", ", Running)}";
        return $"{Done} of {Total} experiments{left}{running}";
    }
}

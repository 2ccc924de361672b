namespace Madtp.Kit.Compression;

/// <summary>
/// How UPop's search goes on: at regular steps the units to prune are chosen anew, more of them each time, and their masks sink
/// towards zero together, so that the last choice takes out what has almost no weight left.
/// </summary>
/// <param name="Steps">T, steps of the search.</param>
/// <param name="UpdateEvery">Steps between two choices.</param>
public sealed record UPopSchedule(int Steps, int UpdateEvery = 50)
{
    /// <summary>p_t / p, the share of the target that is reached after t steps: √((1 − cos(πt/T))/2), from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is not one of 0 to T.</exception>
    public double Progress(int done)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(done);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(done, Steps);
        return done == Steps ? 1 : Math.Sqrt((1 - Math.Cos(Math.PI * done / Steps)) / 2);
    }

    /// <summary>What the masks of the chosen units are after t steps: 1 − p_t / p, from 1 to 0.</summary>
    public double MaskValue(int done) => 1 - Progress(done);

    /// <summary>Whether the masks are set after this many steps: after every <see cref="UpdateEvery"/>, and after the last.</summary>
    public bool UpdatesAfter(int done) => done == Steps || (done > 0 && done % UpdateEvery == 0);
}

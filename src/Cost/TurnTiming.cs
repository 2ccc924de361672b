namespace Madtp.Kit.Cost;

/// <summary>Times of pieces of work that take turns: each runs once, then each again. What disturbs the machine meets all of them
/// alike, and a single slow run moves no median.</summary>
public static class TurnTiming
{
    /// <summary>Runs the candidates in turn, once uncounted to warm up, then round by round.</summary>
    /// <param name="leastRounds">Rounds that are run however long they take.</param>
    /// <returns>Each candidate's times.</returns>
    /// <exception cref="ArgumentException">There is not one round to measure.</exception>
    public static IReadOnlyList<Timing> Measure(
        IReadOnlyList<Action> candidates, double seconds, int leastRounds = 3, int mostRounds = 50)
    {
        Guard.Argument(leastRounds >= 1 && mostRounds >= leastRounds,
            $"a median needs at least one round and no fewer at most than at least, not {leastRounds} to {mostRounds}",
            nameof(leastRounds));
        foreach (var candidate in candidates)
            candidate();

        var times = candidates.Select(_ => new List<double>()).ToArray();
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < leastRounds || (round < mostRounds && clock.Elapsed.TotalSeconds < seconds); round++)
        {
            for (var i = 0; i < times.Length; i++)
            {
                var began = Stopwatch.GetTimestamp();
                candidates[i]();
                times[i].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        return [.. times.Select(Timing.Of)];
    }

    /// <summary>The median of each candidate's times in milliseconds.</summary>
    /// <inheritdoc cref="Measure"/>
    public static IReadOnlyList<double> Medians(
        IReadOnlyList<Action> candidates, double seconds, int leastRounds = 3, int mostRounds = 50) =>
        [.. Measure(candidates, seconds, leastRounds, mostRounds).Select(time => time.Median)];
}

/// <summary>What a piece of work took, in milliseconds.</summary>
/// <param name="Least">The fastest.</param>
/// <param name="Most">The slowest.</param>
public sealed record Timing(double Median, double Least, double Most, int Rounds)
{
    internal static Timing Of(List<double> times)
    {
        times.Sort();
        return new Timing((times[(times.Count - 1) / 2] + times[times.Count / 2]) / 2, times[0], times[^1], times.Count);
    }
}

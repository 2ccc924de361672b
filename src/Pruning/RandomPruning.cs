namespace Madtp.Kit.Pruning;

/// <summary>
/// The control experiment: every layer drops as many tokens as static pruning does, but chosen by chance
/// (<see cref="RandomScorer"/>). Images and text alike. A method that ranks tokens should beat it.
/// </summary>
public static class RandomPruning
{
    /// <summary>The policy.</summary>
    /// <param name="keepRatio">Share of the image tokens that the first layer keeps, in (0, 1]; every later layer drops as many again.</param>
    /// <param name="textKeepRatio">The same for text; as for images if null.</param>
    /// <param name="seed">Another seed chooses other tokens.</param>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null, ulong seed = 0) => new()
    {
        Name = "Random",
        Scorer = new RandomScorer(seed),
        Keep = ScheduledCountRule.Of(CountSchedule.SameNumber, keepRatio, textKeepRatio ?? keepRatio),
        Reducer = new DropReducer(),
    };
}

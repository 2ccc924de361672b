namespace Madtp.Kit.Madtp;

/// <summary>Static token pruning (STP; Table 2 and Figures 3 and 4): every layer drops the same number of its least important
/// tokens (eq. 4), whatever the sample shows. Images and text alike.</summary>
/// <remarks>The paper removes a fixed integer per layer. Here the number is a share of the
/// tokens that entered, so that a text of eight tokens and one of thirty lose alike, and it need not be whole: the counts follow
/// the exact line, rounded once in each layer.</remarks>
public static class StaticPruning
{
    /// <summary>The policy.</summary>
    /// <param name="keepRatio">Share of the image tokens that the first layer keeps, in (0, 1]; every later layer drops as many
    /// again.</param>
    /// <param name="textKeepRatio">The same for text; as for images if null.</param>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) => new()
    {
        Name = "STP",
        Scorer = new ImportanceScorer(),
        Keep = ScheduledCountRule.Of(CountSchedule.SameNumber, keepRatio, textKeepRatio),
        Reducer = new DropReducer(),
    };
}

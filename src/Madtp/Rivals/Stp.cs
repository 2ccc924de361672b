namespace Madtp.Kit.Madtp;

/// <summary>Static token pruning (STP; Table 2 and Figures 3 and 4): every layer drops the same number of its least important
/// tokens (eq. 4), whatever the sample shows. Images and text alike.</summary>
/// <remarks>The paper removes a fixed integer per layer. Here the number is a share of the tokens that entered, so that a text of
/// eight tokens and one of thirty lose alike.</remarks>
public static class StaticPruning
{
    /// <summary>The policy at keep ratios (<see cref="ScheduledCountRule.Of"/>).</summary>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) => new()
    {
        Name = "STP",
        Scorer = new ImportanceScorer(),
        Keep = ScheduledCountRule.Of(keepRatio, textKeepRatio),
        Reducer = new DropReducer(),
    };
}

namespace Madtp.Kit.Experiments;

/// <summary>Runs that differ in their seed alone.</summary>
/// <param name="Experiment">What they have in common; its seed is 0.</param>
/// <param name="Test">Score on the test split, 0 to 1.</param>
/// <param name="MacShare">Share of the plain model's multiply-accumulates, 0 to 1.</param>
/// <param name="BudgetMet">Whether every one of them got down to its budget, to within a percent of the plain model.</param>
public sealed record SeedGroup(Experiment Experiment, Spread Test, Spread MacShare, bool BudgetMet)
{
    /// <summary>Spread of each single score.</summary>
    public IReadOnlyDictionary<string, Spread> Scores { get; init; } = new Dictionary<string, Spread>();

    /// <summary>How far this group's test score lies above another's, and whether the seeds can tell.</summary>
    public SeedGap Against(SeedGroup other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SeedGap.Between(Test, other.Test);
    }

    internal static SeedGroup Of(IGrouping<Experiment, ExperimentResult> runs) => new(
        runs.Key,
        Spread.Of(runs.Select(run => run.Test)),
        Spread.Of(runs.Select(run => run.MacShare)),
        runs.All(run => !run.OverBudget))
    {
        Scores = runs.SelectMany(run => run.Scores).GroupBy(score => score.Key).ToDictionary(score => score.Key, score => Spread.Of(score.Select(one => one.Value))),
    };
}

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

    /// <summary>Results gathered by everything but their seed, in the order in which they first come.</summary>
    public static IReadOnlyList<SeedGroup> Of(IEnumerable<ExperimentResult> results) => [.. results.GroupBy(result => result.Experiment with { Seed = 0 }).Select(group => new SeedGroup(
        group.Key,
        Spread.Of(group.Select(result => result.Test)),
        Spread.Of(group.Select(result => result.MacShare)),
        group.All(result => !result.OverBudget))
    {
        Scores = group.SelectMany(result => result.Scores).GroupBy(score => score.Key).ToDictionary(score => score.Key, score => Spread.Of(score.Select(one => one.Value))),
    })];
}

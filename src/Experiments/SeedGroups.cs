using System.Collections;

namespace Madtp.Kit.Experiments;

/// <summary>Results gathered by everything but their seed, in the order in which they first come.</summary>
/// <example>
/// <code>
/// var groups = SeedGroups.Of(grid.Run());
/// groups[Scale.Experiment("nlvr2") with { Method = "ToMe", ReduceRatio = 0.5 }].Test.Percent() // "96.2 ± 0.4"
/// </code>
/// </example>
public sealed class SeedGroups : IReadOnlyList<SeedGroup>
{
    private readonly List<SeedGroup> groups;

    private SeedGroups(IEnumerable<ExperimentResult> results)
    {
        groups = [.. results.GroupBy(result => result.Experiment with { Seed = 0 }).Select(SeedGroup.Of)];
    }

    /// <summary>How many groups there are.</summary>
    public int Count => groups.Count;

    /// <summary>A group by its place.</summary>
    public SeedGroup this[int index] => groups[index];

    /// <summary>The group of an experiment, whatever its seed.</summary>
    /// <exception cref="ArgumentException">No result is of this experiment; the message names those of its task.</exception>
    public SeedGroup this[Experiment experiment]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(experiment);
            return groups.Find(group => group.Experiment == experiment with { Seed = 0 })
                ?? throw new ArgumentException($"no result is of {experiment with { Seed = 0 }} ({experiment.TrainExamples} examples, K = {experiment.LearnableTokens}, d_k = {experiment.AlignmentWidth}); there are {string.Join(", ", groups.Where(group => group.Experiment.Task == experiment.Task).Select(group => FormattableString.Invariant($"{group.Experiment.Method} {group.Experiment.ReduceRatio}")))}", nameof(experiment));
        }
    }

    /// <summary>Gathers results.</summary>
    public static SeedGroups Of(IEnumerable<ExperimentResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new SeedGroups(results);
    }

    /// <inheritdoc/>
    public IEnumerator<SeedGroup> GetEnumerator() => groups.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

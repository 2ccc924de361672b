namespace Madtp.Kit.Experiments;

/// <summary>
/// Experiments that differ in a few things, every combination of them.
/// </summary>
/// <example>
/// <code>
/// Grid.Of(new Experiment { ReduceRatio = 0.5 })
///     .Vary((e, method) => e with { Method = method }, "MADTP", "EViT")
///     .Vary((e, seed) => e with { Seed = seed }, 1L, 2L, 3L)
/// </code>
/// </example>
public sealed class Grid
{
    private Grid(IReadOnlyList<Experiment> experiments) => Experiments = experiments;

    /// <summary>The experiments, each once, the last thing varied fastest.</summary>
    public IReadOnlyList<Experiment> Experiments { get; }

    /// <summary>A grid of the given experiments.</summary>
    public static Grid Of(params Experiment[] experiments) => new([.. experiments.Distinct()]);

    /// <summary>Each experiment with each of the values.</summary>
    /// <param name="with">An experiment with a value.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public Grid Vary<T>(Func<Experiment, T, Experiment> with, params T[] values)
    {
        ArgumentNullException.ThrowIfNull(with);
        return values.Length > 0
            ? new([.. Experiments.SelectMany(experiment => values.Select(value => with(experiment, value))).Distinct()])
            : throw new ArgumentException("a grid varies over at least one value", nameof(values));
    }

    /// <summary>This grid's experiments and those of another.</summary>
    public Grid And(Grid other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new([.. Experiments.Concat(other.Experiments).Distinct()]);
    }

    /// <summary>Runs what has no result yet, in parallel processes where cores allow, and gives all results in the grid's order.</summary>
    /// <param name="settings">Where results are kept and how many processes run; the usual if null.</param>
    /// <param name="progress">Told whenever something changes.</param>
    /// <param name="cancellation">Ends the running processes; what they did is resumed by the next call.</param>
    /// <exception cref="InvalidOperationException">An experiment failed; the message holds what it said.</exception>
    public IReadOnlyList<ExperimentResult> Run(GridSettings? settings = null, Action<GridProgress>? progress = null, CancellationToken cancellation = default) =>
        new GridRunner(settings ?? new GridSettings()).Run(Experiments, progress, cancellation);
}

using System.Collections.ObjectModel;
using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Experiments;

/// <summary>What a comparison says, by the rule of <c>data/toy/QUESTIONS.md</c>; from the strongest to the weakest.</summary>
public enum Verdict
{
    /// <summary>The difference is in the claimed direction, beyond two standard errors and the margin.</summary>
    Seen,

    /// <summary>The seeds cannot tell.</summary>
    Undecided,

    /// <summary>The arms are equivalent within the margin, or differ the other way beyond two standard errors.</summary>
    Refuted,

    /// <summary>The arms' multiply-accumulates differ by a point or more: nothing is said.</summary>
    UnequalCost,
}

/// <summary>What MADTP is compared by, and with whom; a part of a question.</summary>
/// <param name="Name">As QUESTIONS.md has it, such as 1a.</param>
/// <param name="Margin">Differences below it do not count.</param>
public sealed record QuestionPart(string Name, Measure Measure, IReadOnlyList<string> Against, double Margin = 0.01)
{
    internal Comparison Compare(
        Question question, double ratio, IReadOnlyList<ExperimentResult> results, ThingKind corpus, string other)
    {
        ThingKind[] compared = Measure == Measure.Selectivity ? [corpus, ThingKind.Glyph] : [corpus];
        ExperimentResult[] Arm(string method, long seed) => [.. compared
            .Select(spoken => question.Experiment(spoken, method, ratio, seed))
            .Select(one => results.FirstOrDefault(result => result.Experiment == one)).OfType<ExperimentResult>()];
        var pairs = (
            from seed in Enumerable.Range(1, question.Seeds)
            let pair = (Ours: Arm(question.Arms[0], seed), Theirs: Arm(other, seed))
            where pair.Ours.Length == compared.Length && pair.Theirs.Length == compared.Length
            select pair).ToArray();
        return new Comparison(
            this, ratio, corpus, other,
            pairs.Length < 2 ? null : Spread.Of(pairs.Select(pair => Value(pair.Ours) - Value(pair.Theirs))),
            pairs.SelectMany(pair => pair.Ours.Zip(pair.Theirs, (one, two) => Math.Abs(one.MacShare - two.MacShare)))
                .DefaultIfEmpty(0).Max());
    }

    private double Value(ExperimentResult[] of) => Measure switch
    {
        Measure.Accuracy => of[0].Test,
        Measure.TokenCosine => of[0].Scores["cosine of tokens"],
        _ => Selected(of[0]) - Selected(of[1]),
    };

    private static double Selected(ExperimentResult of) => of.Scores["kept objects"] - of.Scores["kept glyphs"];
}

/// <summary>What arms are compared by.</summary>
public enum Measure
{
    /// <summary>Accuracy on the test pairs, 0 to 1.</summary>
    Accuracy,

    /// <summary>Share of objects' patches kept minus that of glyphs', on the corpus of objects minus on that of glyphs.</summary>
    Selectivity,

    /// <summary>Mean cosine between the learnable tokens: 1 where all are alike.</summary>
    TokenCosine,
}

/// <summary>MADTP against another arm.</summary>
/// <param name="Corpus">The corpus; for selectivity both are in it.</param>
/// <param name="Against">The other arm.</param>
/// <param name="Difference">MADTP's measure minus the other's, seed by seed; null with fewer than two seeds.</param>
/// <param name="MacGap">The greatest difference of a seed's multiply-accumulates, as a share of the plain model's.</param>
public sealed record Comparison(
    QuestionPart Part, double Ratio, ThingKind Corpus, string Against, Spread? Difference, double MacGap)
{
    /// <summary>Standard error of the mean difference; not a number with fewer than two seeds.</summary>
    public double StandardError => Difference is null ? double.NaN : Difference.Deviation / Math.Sqrt(Difference.Count);

    /// <summary>What it says; null with fewer than two seeds.</summary>
    public Verdict? Verdict => Difference is not { Mean: var mean } ? null
        : MacGap >= 0.01 ? Experiments.Verdict.UnequalCost
        : mean > 2 * StandardError && mean > Part.Margin ? Experiments.Verdict.Seen
        : Math.Abs(mean) + (2 * StandardError) < Part.Margin || mean < -2 * StandardError ? Experiments.Verdict.Refuted
        : Experiments.Verdict.Undecided;

    /// <summary>In a line: "1b at 0.5 on objects: MADTP − frozen guidance = +0.2 points ± 0.4 (5 seeds): undecided".</summary>
    public override string ToString()
    {
        var on = Part.Measure == Measure.Selectivity ? "both corpora" : Corpus == ThingKind.Object ? "objects" : "glyphs";
        var compared = FormattableString.Invariant($"{Part.Name} at {Ratio} on {on}: MADTP − {Against} = ");
        var said = Verdict is Experiments.Verdict.UnequalCost ? "unequal cost, no verdict" : $"{Verdict}".ToLowerInvariant();
        return Difference is null ? compared + "not run yet" : compared + FormattableString.Invariant(
            $"{100 * Difference.Mean:+0.0;−0.0;0.0} points ± {200 * StandardError:0.0} ({Difference.Count} seeds): {said}");
    }
}

/// <summary>Results gathered by everything but their seed, in the order in which they first come.</summary>
/// <example>
/// <code>
/// var groups = SeedGroups.Of(grid.Run());
/// groups[Scale.Experiment("nlvr2") with { Method = "ToMe", ReduceRatio = 0.5 }].Test.Percent() // "96.2 ± 0.4"
/// </code>
/// </example>
public sealed class SeedGroups : ReadOnlyCollection<SeedGroup>
{
    private SeedGroups(SeedGroup[] groups) : base(groups)
    {
    }

    /// <summary>The group of an experiment, whatever its seed.</summary>
    /// <exception cref="ArgumentException">No result is of this experiment; the message names those of its task.</exception>
    public SeedGroup this[Experiment experiment]
    {
        get
        {
            var wanted = experiment with { Seed = 0 };
            var others = this.Where(group => group.Experiment.Task == experiment.Task)
                .Select(group => FormattableString.Invariant($"{group.Experiment.Method} {group.Experiment.ReduceRatio}"));
            return this.FirstOrDefault(group => group.Experiment == wanted) ?? throw new ArgumentException(
                $"no result is of {wanted} ({wanted.TrainExamples} examples, K = {wanted.LearnableTokens}, "
                + $"d_k = {wanted.AlignmentWidth}); there are {string.Join(", ", others)}", nameof(experiment));
        }
    }

    /// <summary>Gathers results.</summary>
    public static SeedGroups Of(IEnumerable<ExperimentResult> results) =>
        new([.. results.GroupBy(result => result.Experiment with { Seed = 0 }).Select(SeedGroup.Of)]);
}

/// <summary>Runs that differ in their seed alone.</summary>
/// <param name="Experiment">What they have in common; its seed is 0.</param>
/// <param name="Test">Score on the test split, 0 to 1.</param>
/// <param name="MacShare">Share of the plain model's multiply-accumulates, 0 to 1.</param>
/// <param name="BudgetMet">Whether every one of them got down to its budget, to within a percent of the plain model.</param>
public sealed record SeedGroup(Experiment Experiment, Spread Test, Spread MacShare, bool BudgetMet)
{
    /// <summary>Spread of each single score.</summary>
    public IReadOnlyDictionary<string, Spread> Scores { get; init; } = new Dictionary<string, Spread>();

    /// <summary>A single score, such as "CIDEr"; the test score if null.</summary>
    public Spread Score(string? name) => name is null ? Test : Scores[name];

    /// <summary>How far this group's score lies above another's, and whether the seeds can tell.</summary>
    /// <param name="score">A single score; the test score if null.</param>
    public SeedGap Against(SeedGroup other, string? score = null) => SeedGap.Between(Score(score), other.Score(score)) with
    {
        MacGap = 100 * Math.Abs(MacShare.Mean - other.MacShare.Mean),
    };

    internal static SeedGroup Of(IGrouping<Experiment, ExperimentResult> runs) => new(
        runs.Key,
        Spread.Of(runs.Select(run => run.Test)),
        Spread.Of(runs.Select(run => run.MacShare)),
        runs.All(run => !run.OverBudget))
    {
        Scores = runs.SelectMany(run => run.Scores).GroupBy(score => score.Key)
            .ToDictionary(score => score.Key, score => Spread.Of(score.Select(one => one.Value))),
    };
}

/// <summary>Mean and spread of a number over seeds.</summary>
/// <param name="Deviation">The standard deviation of the sample (n − 1); 0 for one value.</param>
public sealed record Spread(double Mean, double Deviation, int Count)
{
    /// <summary>The spread of some values.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        var mean = all.Length > 0 ? all.Average() : throw new ArgumentException("no values have no mean", nameof(values));
        var squares = all.Sum(value => (value - mean) * (value - mean));
        return new Spread(mean, all.Length == 1 ? 0 : Math.Sqrt(squares / (all.Length - 1)), all.Length);
    }

    /// <summary>Per cent with one digit, such as "97.0 ± 0.2".</summary>
    public string Percent() => FormattableString.Invariant($"{100 * Mean:0.0} ± {100 * Deviation:0.0}");
}

/// <summary>The difference between two scores that were each measured with several seeds.</summary>
/// <param name="Points">The first mean minus the second, in per cent.</param>
/// <param name="Error">Two standard errors of it, per cent: 2·√(s₁²/n₁ + s₂²/n₂); null where one side has one seed.</param>
/// <param name="MacGap">How far their mean multiply-accumulates lie apart, in per cent of the plain model's.</param>
public sealed record SeedGap(double Points, double? Error, double MacGap = 0)
{
    /// <summary>Whether it is larger than its error, at the same cost to within a point: else nothing follows.</summary>
    public bool IsClear => MacGap < 1 && Math.Abs(Points) > Error;

    /// <summary>The difference of two scores, 0 to 1 each.</summary>
    public static SeedGap Between(Spread first, Spread second)
    {
        static double Squared(Spread of) => of.Deviation * of.Deviation / of.Count;
        double? error = first.Count < 2 || second.Count < 2 ? null : 200 * Math.Sqrt(Squared(first) + Squared(second));
        return new SeedGap(100 * (first.Mean - second.Mean), error);
    }

    /// <summary>Who leads, in words: "MADTP is ahead", or why nobody can say.</summary>
    public string Verdict(string first, string second) =>
        MacGap >= 1 ? "unequal cost, no verdict"
        : Error is null ? "one seed cannot tell" : !IsClear ? "too close to tell" : $"{(Points > 0 ? first : second)} is ahead";

    /// <summary>The difference and its error, such as "−1.0 points (two standard errors: 0.4)".</summary>
    public override string ToString()
    {
        var error = Error is { } known ? FormattableString.Invariant($"two standard errors: {known:0.0}") : "one seed";
        return FormattableString.Invariant($"{Points:+0.0;−0.0;0.0} points ({error})");
    }
}

using Madtp.Kit.Data.Decoys;

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
/// <param name="Measure">What is measured.</param>
/// <param name="Against">The other arms.</param>
/// <param name="Margin">Differences below it do not count.</param>
public sealed record QuestionPart(string Name, Measure Measure, IReadOnlyList<string> Against, double Margin = 0.01)
{
    /// <summary>The comparisons that results allow at a ratio: with every arm, on every corpus that is asked.</summary>
    /// <param name="question">The question.</param>
    /// <param name="ratio">The reduce ratio.</param>
    /// <param name="results">Results; those of other experiments are passed over.</param>
    public IReadOnlyList<Comparison> Compare(Question question, double ratio, IReadOnlyList<ExperimentResult> results)
    {
        ArgumentNullException.ThrowIfNull(question);
        ThingKind[] corpora = Measure == Measure.Selectivity ? [ThingKind.Object] : [.. question.Corpora];
        return [.. from corpus in corpora from other in Against select Compare(question, ratio, results, corpus, other)];
    }

    private Comparison Compare(
        Question question, double ratio, IReadOnlyList<ExperimentResult> results, ThingKind corpus, string other)
    {
        List<double> differences = [];
        var gap = 0.0;
        for (var seed = 1L; seed <= question.Seeds; seed++)
        {
            ThingKind[] compared = Measure == Measure.Selectivity ? [corpus, ThingKind.Glyph] : [corpus];
            ExperimentResult[] Arm(string method) => [.. compared
                .Select(spoken => question.Experiment(spoken, method, ratio, seed))
                .Select(one => results.FirstOrDefault(result => result.Experiment == one)).OfType<ExperimentResult>()];
            var (ours, theirs) = (Arm(question.Arms[0]), Arm(other));
            if (ours.Length == compared.Length && theirs.Length == compared.Length)
            {
                differences.Add(Value(ours) - Value(theirs));
                gap = Math.Max(gap, ours.Zip(theirs, (one, two) => Math.Abs(one.MacShare - two.MacShare)).Max());
            }
        }

        return new Comparison(
            this, ratio, corpus, other, differences.Count < 2 ? null : Spread.Of(differences), gap);
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

    /// <summary>Share of objects' patches kept minus share of glyphs', on the corpus of objects minus the same on that of
    /// glyphs.</summary>
    Selectivity,

    /// <summary>Mean cosine between the learnable tokens: 1 where all are alike.</summary>
    TokenCosine,
}

/// <summary>MADTP against another arm.</summary>
/// <param name="Part">What is compared.</param>
/// <param name="Ratio">The reduce ratio.</param>
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
    public Verdict? Verdict
    {
        get
        {
            if (Difference is not { Mean: var mean })
            {
                return null;
            }

            var error = 2 * StandardError;
            return MacGap >= 0.01 ? Experiments.Verdict.UnequalCost
                : mean > error && mean > Part.Margin ? Experiments.Verdict.Seen
                : Math.Abs(mean) + error < Part.Margin || mean < -error ? Experiments.Verdict.Refuted
                : Experiments.Verdict.Undecided;
        }
    }

    /// <summary>The comparison in a line: "1b at 0.5 on objects: MADTP - frozen guidance = +0.2 points ± 0.4 (5 seeds):
    /// undecided".</summary>
    public override string ToString()
    {
        var on = Part.Measure == Measure.Selectivity ? "both corpora" : Corpus == ThingKind.Object ? "objects" : "glyphs";
        var compared = FormattableString.Invariant($"{Part.Name} at {Ratio} on {on}: MADTP − {Against} = ");
        return Difference is null ? compared + "not run yet" : compared + FormattableString.Invariant(
            $"{100 * Difference.Mean:+0.0;−0.0;0.0} points ± {200 * StandardError:0.0} ({Difference.Count} seeds): ")
            + Words(Verdict!.Value);
    }

    private static string Words(Verdict verdict) => verdict == Experiments.Verdict.UnequalCost ? "unequal cost, no verdict"
        : verdict.ToString().ToLowerInvariant();
}

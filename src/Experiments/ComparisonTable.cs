using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Our rows beside the paper's. Toy and paper accuracies are not of the same task, so what is compared is the difference to the
/// uncompressed model of the same scale, and the share of multiply-accumulates that is left.
/// </summary>
/// <param name="labels">Names of the first columns.</param>
/// <param name="plain">Our uncompressed model.</param>
/// <param name="paperPlain">The paper's.</param>
public sealed class ComparisonTable(IReadOnlyList<string> labels, SeedGroup plain, PaperRow paperPlain)
{
    private readonly List<Line> lines = [];

    /// <summary>The single score of ours that is compared, such as "CIDEr"; null for the test score.</summary>
    public string? Score { get; init; }

    /// <summary>The paper's column of scores, in per cent.</summary>
    public string PaperScore { get; init; } = "test_acc";

    /// <summary>The paper's column of multiply-accumulates, 10⁹.</summary>
    public string PaperMacs { get; init; } = "gflops";

    /// <summary>What our numbers are called: "toy" or "paper scale".</summary>
    public string ScaleLabel { get; init; } = Scale.Label;

    /// <summary>Adds a row.</summary>
    /// <param name="label">Text of the first columns.</param>
    /// <param name="ours">Our runs; null where there are none.</param>
    /// <param name="theirs">The paper's row; null where it has none.</param>
    /// <exception cref="ArgumentException">There are not as many texts as label columns.</exception>
    public ComparisonTable Row(IReadOnlyList<string> label, SeedGroup? ours, PaperRow? theirs)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (label.Count != labels.Count)
        {
            throw new ArgumentException($"{label.Count} texts for {labels.Count} columns ({string.Join(", ", labels)})", nameof(label));
        }

        lines.Add(new Line(label, ours, theirs));
        return this;
    }

    /// <summary>The table. Δ is the difference to the uncompressed model, in points.</summary>
    public DataFrame ToFrame() => new(
    [
        .. labels.Select((name, i) => (DataFrameColumn)new StringDataFrameColumn(name, lines.Select(line => line.Label[i]))),
        Column($"{ScaleLabel} %", line => 100 * Ours(line.Ours)?.Mean),
        Column("±", line => 100 * Ours(line.Ours)?.Deviation),
        Column($"{ScaleLabel} Δ", line => 100 * (Ours(line.Ours)?.Mean - Ours(plain)!.Mean)),
        Column($"{ScaleLabel} MACs %", line => 100 * line.Ours?.MacShare.Mean),
        new StringDataFrameColumn("budget", lines.Select(line => line.Ours is not { Experiment.ReduceRatio: > 0 } ours ? "–" : ours.BudgetMet ? "met" : "not met")),
        Column("paper %", line => line.Theirs?.Number(PaperScore), 2),
        Column("paper Δ", line => line.Theirs?.Number(PaperScore) - paperPlain.Number(PaperScore), 2),
        Column("paper MACs %", line => 100 * line.Theirs?.Number(PaperMacs) / paperPlain.Number(PaperMacs)),
    ]);

    private Spread? Ours(SeedGroup? group) => Score is null ? group?.Test : group?.Scores[Score];

    private PrimitiveDataFrameColumn<double> Column(string name, Func<Line, double?> value, int digits = 1) =>
        new(name, lines.Select(line => value(line) is { } number ? Math.Round(number, digits) + 0.0 : (double?)null)); // + 0.0: no "−0.0"

    private sealed record Line(IReadOnlyList<string> Label, SeedGroup? Ours, PaperRow? Theirs);
}

using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>
/// Our rows beside the paper's. Toy and paper accuracies are not of the same task, so what is compared is the difference to the
/// uncompressed model of the same scale, and the share of multiply-accumulates that is left.
/// </summary>
/// <param name="labels">Names of the first columns.</param>
/// <param name="scale">What our numbers are called: "toy" or "paper scale".</param>
public sealed class ComparisonTable(IReadOnlyList<string> labels, string scale = "toy")
{
    private readonly List<Line> lines = [];

    /// <summary>Adds a row.</summary>
    /// <param name="label">Text of the first columns.</param>
    /// <param name="ours">Our runs; null where there are none.</param>
    /// <param name="baseline">Our uncompressed model, 0 to 1.</param>
    /// <param name="paper">The paper's score, in per cent; null where it has none.</param>
    /// <param name="paperBaseline">Its uncompressed model's.</param>
    /// <param name="paperMacs">Its multiply-accumulates, 10⁹.</param>
    /// <param name="paperDense">Its uncompressed model's.</param>
    /// <exception cref="ArgumentException">There are not as many texts as label columns.</exception>
    public ComparisonTable Row(IReadOnlyList<string> label, SeedGroup? ours, double baseline, double? paper, double paperBaseline, double? paperMacs, double paperDense)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (label.Count != labels.Count)
        {
            throw new ArgumentException($"{label.Count} texts for {labels.Count} columns ({string.Join(", ", labels)})", nameof(label));
        }

        lines.Add(new Line(
            label,
            ours is null ? null : 100 * ours.Test.Mean,
            ours is null ? null : 100 * ours.Test.Deviation,
            ours is null ? null : 100 * (ours.Test.Mean - baseline),
            ours is null ? null : 100 * ours.MacShare.Mean,
            paper,
            paper - paperBaseline,
            100 * paperMacs / paperDense));
        return this;
    }

    /// <summary>The table.</summary>
    public DataFrame ToFrame() => new(
    [
        .. labels.Select((name, i) => (DataFrameColumn)new StringDataFrameColumn(name, lines.Select(line => line.Label[i]))),
        Column($"{scale} %", line => line.Ours),
        Column("±", line => line.Deviation),
        Column($"{scale} Δ", line => line.Loss),
        Column($"{scale} MACs %", line => line.Macs),
        Column("paper %", line => line.Paper, 2),
        Column("paper Δ", line => line.PaperLoss, 2),
        Column("paper MACs %", line => line.PaperMacs),
    ]);

    private PrimitiveDataFrameColumn<double> Column(string name, Func<Line, double?> value, int digits = 1) =>
        new(name, lines.Select(line => value(line) is { } number ? Math.Round(number, digits) + 0.0 : (double?)null)); // + 0.0: no "−0.0"

    private sealed record Line(IReadOnlyList<string> Label, double? Ours, double? Deviation, double? Loss, double? Macs, double? Paper, double? PaperLoss, double? PaperMacs);
}

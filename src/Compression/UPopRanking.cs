using Madtp.Kit.Models;

namespace Madtp.Kit.Compression;

/// <summary>
/// UPop's unified ranking: all units of all layers, structures and modalities in one list. A mask whose gradient has come to be large
/// is one that the loss wants smaller, so those units go first. Attention and feed-forward gradients are of different size, since an
/// attention's mask speaks for every head; each kind is standardised before they are compared.
/// </summary>
public static class UPopRanking
{
    /// <summary>
    /// Chooses the units to prune: the highest-ranked, until their cost reaches <paramref name="remove"/>. The last unit of a width,
    /// the one ranked lowest, always stays.
    /// </summary>
    /// <param name="widths">The units of every width.</param>
    /// <param name="remove">Multiply-accumulates to take out at least; 0 takes out nothing.</param>
    /// <returns>For each width and unit whether it goes.</returns>
    /// <exception cref="ArgumentException">There is not so much to take out.</exception>
    public static IReadOnlyList<bool[]> Choose(IReadOnlyList<UnitScores> widths, double remove)
    {
        ArgumentNullException.ThrowIfNull(widths);
        var scores = Standardized(widths);
        bool[][] chosen = [.. widths.Select(width => new bool[width.Gradients.Count])];
        var removed = 0.0;
        foreach (var (width, unit) in Ranked(scores))
        {
            if (removed >= remove)
            {
                return chosen;
            }

            chosen[width][unit] = true;
            removed += widths[width].Cost;
        }

        return removed >= remove * (1 - 1e-12)
            ? chosen
            : throw new ArgumentException($"{remove / 1e6:F3} million multiply-accumulates are to be taken out, but all prunable units together are only {removed / 1e6:F3} million", nameof(remove));
    }

    /// <summary>Every gradient less its kind's mean, over its kind's standard deviation (with Bessel's correction); zeros where all are equal.</summary>
    public static IReadOnlyList<double[]> Standardized(IReadOnlyList<UnitScores> widths)
    {
        ArgumentNullException.ThrowIfNull(widths);
        var kinds = new[] { false, true }.ToDictionary(feedForward => feedForward, feedForward => MeanAndDeviation(
            [.. widths.Where(width => IsFeedForward(width) == feedForward).SelectMany(width => width.Gradients)]));
        return [.. widths.Select(width =>
        {
            var (mean, deviation) = kinds[IsFeedForward(width)];
            return width.Gradients.Select(gradient => deviation > 0 ? (gradient - mean) / deviation : 0).ToArray();
        })];
    }

    // Equal scores keep the model's order, so that a choice is the same on every machine.
    private static IEnumerable<(int Width, int Unit)> Ranked(IReadOnlyList<double[]> scores) =>
        scores.SelectMany((units, width) => Removable(units).Select(unit => (width, unit))).OrderByDescending(place => scores[place.width][place.unit]);

    private static IEnumerable<int> Removable(double[] units)
    {
        var stays = Array.IndexOf(units, units.Min());
        return Enumerable.Range(0, units.Length).Where(unit => unit != stays);
    }

    private static (double Mean, double Deviation) MeanAndDeviation(float[] values)
    {
        if (values.Length < 2)
        {
            return (values.Length == 0 ? 0 : values[0], 0);
        }

        var mean = values.Average(value => (double)value);
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)));
    }

    private static bool IsFeedForward(UnitScores width) => width.Kind == PrunableKind.FeedForward;
}

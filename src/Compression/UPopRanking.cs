using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>UPop's unified ranking: all units of all layers, structures and modalities in one list. A mask whose gradient has
/// come to be large is one that the loss wants smaller, so those units go first. Attention and feed-forward gradients are of
/// different size, since an attention's mask speaks for every head; each kind is standardised before they are compared.</summary>
public static class UPopRanking
{
    /// <summary>Chooses the units to prune: the highest-ranked, until their cost reaches <paramref name="remove"/>. The last unit
    /// of a width, the one ranked lowest, always stays.</summary>
    /// <param name="remove">Multiply-accumulates to take out at least; 0 takes out nothing.</param>
    /// <returns>For each width and unit whether it goes.</returns>
    /// <exception cref="ArgumentException">There is not so much to take out.</exception>
    public static IReadOnlyList<bool[]> Choose(IReadOnlyList<UnitScores> widths, double remove)
    {
        bool[][] chosen = [.. widths.Select(width => new bool[width.Gradients.Count])];
        var removed = 0.0;
        foreach (var (width, unit) in Ranked(Standardized(widths)))
        {
            if (removed >= remove)
                return chosen;

            chosen[width][unit] = true;
            removed += widths[width].Cost;
        }

        return removed >= remove * (1 - 1e-12)
            ? chosen
            : throw new ArgumentException(
                $"{remove / 1e6:F3} million multiply-accumulates are to be taken out, but all prunable units together are only "
                    + $"{removed / 1e6:F3} million", nameof(remove));
    }

    /// <summary>Every gradient less its kind's mean, over their deviation (Bessel's); zeros where all are equal.</summary>
    public static IReadOnlyList<double[]> Standardized(IReadOnlyList<UnitScores> widths)
    {
        var kinds = new[] { false, true }.ToDictionary(feedForward => feedForward, feedForward => MeanAndDeviation(
            [.. widths.Where(width => width.IsFeedForward == feedForward).SelectMany(width => width.Gradients)]));
        return [.. widths.Select(width =>
        {
            var (mean, deviation) = kinds[width.IsFeedForward];
            return width.Gradients.Select(gradient => deviation > 0 ? (gradient - mean) / deviation : 0).ToArray();
        })];
    }

    // Equal scores keep the model's order, so that a choice is the same on every machine.
    private static IEnumerable<(int Width, int Unit)> Ranked(IReadOnlyList<double[]> scores) =>
        from units in scores.Index()
        let stays = Array.IndexOf(units.Item, units.Item.Min())
        from unit in units.Item.Index()
        where unit.Index != stays
        orderby unit.Item descending
        select (units.Index, unit.Index);

    private static (double Mean, double Deviation) MeanAndDeviation(float[] values)
    {
        var mean = values.Select(value => (double)value).DefaultIfEmpty().Average();
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1)));
    }
}

/// <summary>What the units of one width are ranked by.</summary>
/// <param name="IsFeedForward">All feed-forward parts are standardised together, as are all attentions.</param>
/// <param name="Gradients">The gradient of each unit's mask, summed over the steps of the search.</param>
/// <param name="Cost">Multiply-accumulates of one unit.</param>
public sealed record UnitScores(bool IsFeedForward, IReadOnlyList<float> Gradients, double Cost);

/// <summary>What a unit of each width costs. Every multiply-accumulate of a transformer is linear in its inner widths, so a unit
/// costs the same whatever else is taken out, and what is left is the whole minus the sum of what was taken.</summary>
/// <param name="Dense">Multiply-accumulates of the regular model.</param>
/// <param name="Whole">Multiply-accumulates of the model as it is.</param>
/// <param name="PerUnit">Multiply-accumulates of one unit of each width, in the order of the model's widths.</param>
public sealed record UnitCosts(double Dense, double Whole, IReadOnlyList<double> PerUnit)
{
    /// <summary>Counts the units of a model.</summary>
    /// <param name="macs">Multiply-accumulates of such a model with some inner widths by name; null for the regular ones.</param>
    public static UnitCosts Of(nn.Module model, Func<IReadOnlyDictionary<string, int>?, double> macs)
    {
        var inner = PrunableWidth.InnerWidths(model);
        var whole = macs(inner);
        return new(macs(null), whole, [.. PrunableWidth.Of(model).Select(width =>
            macs(new Dictionary<string, int>(inner) { [width.Name] = inner[width.Name] + width.Heads }) - whole)]);
    }
}

/// <summary>How UPop's search goes on: at regular steps the units to prune are chosen anew, more of them each time, and their
/// masks sink towards zero together, so that the last choice takes out what has almost no weight left.</summary>
/// <param name="Steps">T, steps of the search.</param>
/// <param name="UpdateEvery">Steps between two choices.</param>
public sealed record UPopSchedule(int Steps, int UpdateEvery)
{
    /// <summary>p_t / p, the share of the target that is reached after t steps: √((1 − cos(πt/T))/2), from 0 to 1. The masks of
    /// the chosen units are the rest of 1.</summary>
    public double Progress(int done) => done == Steps ? 1 : Math.Sqrt((1 - Math.Cos(Math.PI * done / Steps)) / 2);

    /// <summary>Whether the masks are set after this many steps: after every <see cref="UpdateEvery"/>, and the last.</summary>
    public bool UpdatesAfter(int done) => done == Steps || (done > 0 && done % UpdateEvery == 0);
}

/// <summary>What UPop's search is told.</summary>
/// <param name="MacShare">Share of the regular model's multiply-accumulates that the smaller model may cost, between 0 and
/// 1.</param>
/// <param name="UpdateEvery">Steps between two choices of what to prune.</param>
public sealed record UPopSettings(double MacShare, int UpdateEvery);

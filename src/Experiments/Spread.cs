namespace Madtp.Kit.Experiments;

/// <summary>Mean and spread of a number over seeds.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation of the sample (n − 1); 0 for one value.</param>
/// <param name="Count">How many values.</param>
public sealed record Spread(double Mean, double Deviation, int Count)
{
    /// <summary>The spread of some values.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        if (all.Length == 0)
        {
            throw new ArgumentException("no values have no mean", nameof(values));
        }

        var mean = all.Average();
        return new Spread(mean, all.Length == 1 ? 0 : Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1)), all.Length);
    }

    /// <summary>Per cent with one digit, such as "97.0 ± 0.2".</summary>
    public string Percent() => FormattableString.Invariant($"{100 * Mean:0.0} ± {100 * Deviation:0.0}");
}

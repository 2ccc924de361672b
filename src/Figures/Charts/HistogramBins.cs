namespace Madtp.Kit.Figures.Charts;

/// <summary>Values counted in bins of a nice width.</summary>
/// <param name="Start">Where the first bin begins.</param>
/// <param name="Width">Width of each bin.</param>
/// <param name="Heights">Height of each bar, normalised as asked for.</param>
internal sealed record HistogramBins(double Start, double Width, IReadOnlyList<double> Heights)
{
    /// <param name="values">What to count; what is not a number is left out.</param>
    /// <param name="most">No more bins than this (but two, if they meet at zero); 0 for about the square root of the number of values.</param>
    /// <param name="norm">"", "percent", "probability", "density" or "probability density".</param>
    public static HistogramBins Of(IReadOnlyList<double> values, int most, string norm)
    {
        var numbers = values.Where(double.IsFinite).ToArray();
        if (numbers.Length == 0)
        {
            return new HistogramBins(0, 1, []);
        }

        var (low, high) = (numbers.Min(), numbers.Max());
        var wanted = most > 0 ? most : Math.Clamp((int)Math.Ceiling(Math.Sqrt(numbers.Length)), 5, 40);
        var width = Fitting(low, high, wanted);
        var start = Math.Floor(low / width) * width;
        var counts = new double[(int)Math.Floor((high - start) / width) + 1];
        foreach (var number in numbers)
        {
            counts[Math.Clamp((int)Math.Floor((number - start) / width), 0, counts.Length - 1)]++;
        }

        var factor = norm switch
        {
            "percent" => 100.0 / numbers.Length,
            "probability" => 1.0 / numbers.Length,
            "density" => 1 / width,
            "probability density" => 1 / (width * numbers.Length),
            _ => 1,
        };
        return new HistogramBins(start, width, [.. counts.Select(count => count * factor)]);
    }

    private static double Fitting(double low, double high, int most)
    {
        for (var parts = most; parts > 0; parts--)
        {
            var width = NiceStep.For(high - low, parts);
            if (Math.Floor(high / width) - Math.Floor(low / width) + 1 <= most)
            {
                return width;
            }
        }

        return Math.Max(high - low, 1) * 2;
    }
}

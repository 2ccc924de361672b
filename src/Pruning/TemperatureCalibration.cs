namespace Madtp.Kit.Pruning;

/// <summary>
/// Finds the temperature that meets a budget of multiply-accumulates (Section 3.3; defect 8 of the released code, which walks a
/// step table instead). It takes nothing for granted about the policy: the cost may rise with the temperature (sparsemax of
/// T·A) or fall (softmax of R/T).
/// </summary>
public static class TemperatureCalibration
{
    /// <summary>
    /// Looks at a few temperatures, then bisects (in the logarithm) between two neighbours that have the target between them.
    /// </summary>
    /// <param name="macs">The cost at a temperature, mean over a fixed calibration split.</param>
    /// <param name="target">The cost wanted.</param>
    /// <param name="settings">Range and tolerance; the defaults if null.</param>
    /// <returns>The closest temperature found; see <see cref="CalibrationResult.Reached"/> and <see cref="CalibrationResult.Monotone"/>.</returns>
    /// <exception cref="ArgumentException">The target or the range is not positive, or the range is empty.</exception>
    public static CalibrationResult Find(Func<double, double> macs, double target, CalibrationSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(macs);
        settings ??= new CalibrationSettings();
        if (!(target > 0) || !(settings.Lowest > 0) || !(settings.Highest > settings.Lowest) || settings.ScanPoints < 2)
        {
            throw new ArgumentException($"a calibration needs a positive target and at least two temperatures 0 < lowest < highest, not target {target}, {settings.ScanPoints} temperatures from {settings.Lowest} to {settings.Highest}", nameof(settings));
        }

        var points = new SortedDictionary<double, double>();
        bool Meets(double cost) => Math.Abs(cost - target) <= settings.Tolerance * target;
        for (var i = 0; i < settings.ScanPoints; i++)
        {
            var temperature = settings.Lowest * Math.Pow(settings.Highest / settings.Lowest, (double)i / (settings.ScanPoints - 1));
            points[temperature] = macs(temperature);
        }

        if (!points.Values.Any(Meets) && Bracket(points, target) is var (low, high))
        {
            Bisect(macs, target, settings, points, low, high, Meets);
        }

        var best = points.MinBy(point => Math.Abs(point.Value - target));
        return new CalibrationResult(best.Key, best.Value, target, Meets(best.Value), [.. points.Select(point => new CalibrationPoint(point.Key, point.Value))]);
    }

    private static void Bisect(Func<double, double> macs, double target, CalibrationSettings settings, SortedDictionary<double, double> points, double low, double high, Predicate<double> meets)
    {
        var above = points[low] > target; // on which side of the target the low end lies
        for (var i = 0; i < settings.MaxBisections; i++)
        {
            var middle = Math.Sqrt(low * high);
            if (middle <= low || middle >= high)
            {
                return; // the cost jumps over the target here
            }

            var cost = macs(middle);
            points[middle] = cost;
            if (meets(cost))
            {
                return;
            }

            (low, high) = cost > target == above ? (middle, high) : (low, middle);
        }
    }

    // Where several pairs of neighbours have the target between them, the pair of the highest temperatures is as good as any.
    private static (double Low, double High)? Bracket(SortedDictionary<double, double> points, double target)
    {
        var all = points.ToArray();
        for (var i = all.Length - 1; i > 0; i--)
        {
            if (all[i - 1].Value > target != all[i].Value > target)
            {
                return (all[i - 1].Key, all[i].Key);
            }
        }

        return null;
    }
}

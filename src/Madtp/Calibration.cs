namespace Madtp.Kit.Madtp;

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

/// <summary>Where and how closely a temperature is looked for.</summary>
public sealed record CalibrationSettings
{
    /// <summary>The lowest temperature tried; positive.</summary>
    public double Lowest { get; init; } = 1e-2;

    /// <summary>The highest temperature tried.</summary>
    public double Highest { get; init; } = 1e5;

    /// <summary>Temperatures looked at first, evenly spaced in their logarithm, to see which way the cost goes.</summary>
    public int ScanPoints { get; init; } = 8;

    /// <summary>How far from the target the cost may be, as a share of the target.</summary>
    public double Tolerance { get; init; } = 0.005;

    /// <summary>Bisections tried after the scan.</summary>
    public int MaxBisections { get; init; } = 40;
}

/// <summary>One measurement of a calibration.</summary>
/// <param name="Temperature">T.</param>
/// <param name="Macs">Multiply-accumulates at this temperature, mean over the calibration split.</param>
public sealed record CalibrationPoint(double Temperature, double Macs);

/// <summary>What a calibration found.</summary>
/// <param name="Temperature">The temperature whose cost came closest to the target.</param>
/// <param name="Macs">Its cost.</param>
/// <param name="Target">The cost that was asked for.</param>
/// <param name="Reached">Whether the cost lies within the tolerance.</param>
/// <param name="Points">Every measurement, by ascending temperature.</param>
public sealed record CalibrationResult(double Temperature, double Macs, double Target, bool Reached, IReadOnlyList<CalibrationPoint> Points)
{
    /// <summary>Whether the cost only rose, or only fell, with the temperature at the measured points.</summary>
    public bool Monotone
    {
        get
        {
            var steps = Points.Zip(Points.Skip(1), (a, b) => Math.Sign(b.Macs - a.Macs)).ToArray();
            return !(steps.Contains(1) && steps.Contains(-1));
        }
    }

    /// <summary>The outcome in a sentence.</summary>
    public override string ToString()
    {
        var outcome = Reached
            ? FormattableString.Invariant($"T = {Temperature:G6} costs {Macs / Target:P2} of the target")
            : FormattableString.Invariant($"no temperature within the tolerance: T = {Temperature:G6} comes closest, at {Macs / Target:P2} of the target (measured {Points.Min(p => p.Macs) / Target:P1} to {Points.Max(p => p.Macs) / Target:P1})");
        return Monotone ? outcome : outcome + "; the cost does not go one way with the temperature, so other temperatures may meet it too";
    }
}

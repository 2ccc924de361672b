namespace Madtp.Kit.Madtp;

/// <summary>Finds the temperature or the keep ratio that meets a budget (Section 3.3; defect 8 of the released code, which walks
/// a step table instead). It takes nothing for granted about the policy: the cost may rise with the value (sparsemax of T·A, a
/// keep ratio) or fall (softmax of R/T).</summary>
public static class BudgetSearch
{
    private const int ScanPoints = 8; // values looked at first, to see which way the cost goes

    /// <summary>Looks at a few values, then bisects (in the logarithm) between two neighbours that have the target between
    /// them.</summary>
    /// <param name="cost">The cost at a value, mean over a fixed calibration split: multiply-accumulates or a share of them, as
    /// the target.</param>
    /// <exception cref="ArgumentException">The target or the range is not positive, or the range is empty.</exception>
    public static CalibrationResult Find(Func<double, double> cost, double target, CalibrationSettings? settings = null)
    {
        settings ??= new CalibrationSettings();
        Guard.Argument(target > 0 && settings.Lowest > 0 && settings.Highest > settings.Lowest,
            $"a calibration needs a positive target and values 0 < lowest < highest, not target {target} and values from "
            + $"{settings.Lowest} to {settings.Highest}", nameof(settings));

        var points = new SortedDictionary<double, double>();
        for (var i = 0; i < ScanPoints; i++)
            Measure(settings.Lowest * Math.Pow(settings.Highest / settings.Lowest, (double)i / (ScanPoints - 1)));

        // Where several pairs of neighbours have the target between them, the pair of the highest values is as good as any.
        var around = points.Zip(points.Skip(1)).Where(pair => IsAbove(pair.First.Value) != IsAbove(pair.Second.Value)).ToArray();
        if (!points.Values.Any(Meets) && around is [.., var ((low, first), (high, _))])
        {
            for (var i = 0; i < settings.MaxBisections; i++)
            {
                var middle = Math.Sqrt(low * high);
                if (middle <= low || middle >= high || Meets(Measure(middle)))
                {
                    break; // it is met, or the cost jumps over the target here
                }

                (low, high) = IsAbove(points[middle]) == IsAbove(first) ? (middle, high) : (low, middle);
            }
        }

        var best = points.MinBy(point => Math.Abs(point.Value - target));
        return new CalibrationResult(
            best.Key, best.Value, target, Meets(best.Value),
            [.. points.Select(point => new CalibrationPoint(point.Key, point.Value))]);

        double Measure(double value) => points[value] = cost(value);
        bool IsAbove(double measured) => measured > target;
        bool Meets(double measured) => Math.Abs(measured - target) <= settings.Tolerance * target;
    }
}

/// <summary>Where and how closely a temperature or keep ratio is looked for.</summary>
/// <param name="Lowest">The lowest value tried; positive.</param>
/// <param name="Tolerance">How far from the target the cost may be, as a share of the target.</param>
/// <param name="MaxBisections">Bisections tried after the scan.</param>
public sealed record CalibrationSettings(
    double Lowest = 1e-2, double Highest = 1e5, double Tolerance = 0.005, int MaxBisections = 40);

/// <summary>One measurement of a calibration.</summary>
/// <param name="Value">The temperature or the keep ratio.</param>
/// <param name="Cost">What it costs, mean over the calibration split, in the unit of the target.</param>
public sealed record CalibrationPoint(double Value, double Cost);

/// <summary>What a calibration found.</summary>
/// <param name="Value">The temperature or keep ratio, as the method has one, whose cost came closest to the target.</param>
/// <param name="Cost">Its cost, in the unit of the target.</param>
/// <param name="Points">Every measurement, by ascending value.</param>
public sealed record CalibrationResult(
    double Value, double Cost, double Target, bool Reached, IReadOnlyList<CalibrationPoint> Points)
{
    /// <summary>Whether the cost only rose, or only fell, with the value at the measured points.</summary>
    public bool Monotone
    {
        get
        {
            var steps = Points.Zip(Points.Skip(1), (a, b) => Math.Sign(b.Cost - a.Cost)).ToArray();
            return !(steps.Contains(1) && steps.Contains(-1));
        }
    }

    /// <summary>What the plain model costs, in the unit of the target; null where it is not known.</summary>
    public double? Dense { get; init; }

    /// <summary>What was looked for: a temperature or a keep ratio.</summary>
    public string StrengthIs { get; init; } = PruningMethod.Temperature;

    /// <summary>The outcome in a sentence; of a budget that is out of reach it says what is within.</summary>
    public override string ToString()
    {
        var found = FormattableString.Invariant(
            $"{(StrengthIs == PruningMethod.Temperature ? "T" : StrengthIs)} = {Value:G6}");
        string[] within = [.. Points.Select(point => point.Cost).Order().Select(Shown)];
        within = Dense is null ? within : [.. within.Reverse()]; // what is taken away is least where the cost is greatest
        var outcome = Reached ? FormattableString.Invariant($"{found} costs {Cost / Target:P2} of the target")
            : $"no {StrengthIs} {(Dense is null ? $"within the tolerance of {Shown(Target)}"
                : $"takes {Shown(Target)} of the multiply-accumulates away")}: "
                + $"{found} comes closest with {Shown(Cost)} (within reach: {within[0]} to {within[^1]})";
        return Monotone ? outcome : outcome
            + $"; the cost does not go one way with the {StrengthIs}, so others may meet it too";

        string Shown(double cost) => Dense is { } dense ? (1 - (cost / dense)).ToString("0.##%", CultureInfo.InvariantCulture)
            : cost.ToString("G6", CultureInfo.InvariantCulture);
    }
}

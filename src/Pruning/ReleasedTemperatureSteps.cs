namespace Madtp.Kit.Pruning;

/// <summary>
/// How the released code looks for the temperature (defect 8): once per epoch it takes a step whose size depends on how far the
/// cost of the validation split lies from the target. An option beside <see cref="TemperatureCalibration"/>, for comparison.
/// </summary>
/// <remarks>
/// The table knows one direction: it expects the cost to fall as the temperature rises, which holds for the released softmax
/// threshold (<see cref="ThresholdNormalization.Softmax"/>) but not for the paper's sparsemax. Its steps are absolute, whatever the
/// temperature, and nothing keeps it from going below zero, where the released policy prunes nothing. In the released VQA script the
/// cost is never measured again: <see cref="Walk"/> with a constant cost is what it does.
/// </remarks>
public static class ReleasedTemperatureSteps
{
    /// <summary>The temperature of the first epoch.</summary>
    public const double Start = 1;

    /// <summary>Cost of the plain model that the table was written for: BLIP on NLVR2, in multiply-accumulates.</summary>
    private const double TableScale = 132.54e9;

    private static readonly (double Distance, double Step)[] Table = [(30e9, 1), (10e9, 0.5), (5e9, 0.25), (1e9, 0.1)];

    private const double SmallestStep = 0.01;

    /// <summary>The next epoch's temperature.</summary>
    /// <param name="temperature">This epoch's.</param>
    /// <param name="macs">What this epoch cost.</param>
    /// <param name="target">The cost wanted.</param>
    /// <param name="plain">The plain model's cost: distances scale with it. 132.54 G gives the released table of 30, 10, 5 and 1 G.</param>
    /// <exception cref="ArgumentException">The plain model's cost is not positive.</exception>
    public static double Next(double temperature, double macs, double target, double plain)
    {
        if (!(plain > 0))
        {
            throw new ArgumentException($"the plain model's cost is the unit of the steps' distances and must be positive, not {plain}", nameof(plain));
        }

        var distance = Math.Abs(macs - target) / plain * TableScale;
        var step = Table.FirstOrDefault(row => distance > row.Distance, (0, SmallestStep)).Step;
        return macs > target ? temperature + step : temperature - step;
    }

    /// <summary>
    /// Temperatures and costs of all epochs, in their order. A trained model changes in between; here the cost is the given function's.
    /// </summary>
    /// <param name="macs">The cost at a temperature.</param>
    /// <param name="target">The cost wanted.</param>
    /// <param name="plain">The plain model's cost.</param>
    /// <param name="epochs">Epochs: 15 in the released NLVR2 script.</param>
    public static IReadOnlyList<CalibrationPoint> Walk(Func<double, double> macs, double target, double plain, int epochs = 15)
    {
        ArgumentNullException.ThrowIfNull(macs);
        ArgumentOutOfRangeException.ThrowIfNegative(epochs);
        var points = new List<CalibrationPoint>();
        var temperature = Start;
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            temperature = epoch == 0 ? Start : Next(temperature, points[^1].Macs, target, plain);
            points.Add(new CalibrationPoint(temperature, macs(temperature)));
        }

        return points;
    }
}

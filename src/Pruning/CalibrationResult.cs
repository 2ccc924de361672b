namespace Madtp.Kit.Pruning;

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

namespace Madtp.Kit.Pruning;

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

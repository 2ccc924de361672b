namespace Madtp.Kit.Pruning;

/// <summary>One measurement of a calibration.</summary>
/// <param name="Temperature">T.</param>
/// <param name="Macs">Multiply-accumulates at this temperature, mean over the calibration split.</param>
public sealed record CalibrationPoint(double Temperature, double Macs);

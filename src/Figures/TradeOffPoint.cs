namespace Madtp.Kit.Figures;

/// <summary>What a method scores at a cost.</summary>
/// <param name="Macs">Multiply-accumulates, % of the plain model.</param>
/// <param name="Score">The score, usually in %.</param>
/// <param name="Deviation">Half the length of its error bar; null for none.</param>
public sealed record TradeOffPoint(double Macs, double Score, double? Deviation = null);

namespace Madtp.Kit.Figures;

/// <summary>One line of a trade-off chart.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Points">What was measured, in the order it is joined; a single point stands alone.</param>
public sealed record TradeOffCurve(string Name, IReadOnlyList<TradeOffPoint> Points);

namespace Madtp.Kit.Figures.Charts;

/// <summary>Steps people count in: 1, 2, 2.5 and 5 times a power of ten.</summary>
internal static class NiceStep
{
    /// <summary>The smallest nice step that divides a span into no more than so many parts.</summary>
    public static double For(double span, int parts)
    {
        if (span <= 0 || !double.IsFinite(span))
        {
            return 1;
        }

        var raw = span / Math.Max(1, parts);
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        foreach (var nice in (ReadOnlySpan<double>)[1, 2, 2.5, 5])
        {
            if (nice * power >= raw * (1 - 1e-9))
            {
                return nice * power;
            }
        }

        return 10 * power;
    }
}

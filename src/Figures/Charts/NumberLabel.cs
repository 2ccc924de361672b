using System.Globalization;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Numbers on axes: no more digits than tell the ticks apart, large ones in thousands, millions and billions.</summary>
internal static class NumberLabel
{
    private static readonly (double Unit, string Name)[] Units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    /// <param name="value">What to write.</param>
    /// <param name="step">The distance to the next tick.</param>
    public static string Of(double value, double step)
    {
        if (value == 0 || Math.Abs(value) < step * 1e-9)
        {
            return "0";
        }

        var size = Math.Max(Math.Abs(value), step);
        if (size < 1e-4 || size >= 1e15)
        {
            return Scientific(value);
        }

        if (size >= 10000)
        {
            var (unit, name) = Units.First(each => size >= each.Unit);
            return Fixed(value / unit, step / unit) + name;
        }

        return Fixed(value, step);
    }

    private static string Fixed(double value, double step)
    {
        var digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 10);

        // A step of 2.5 or 0.25 needs one digit more than its power of ten says.
        var shifted = step * Math.Pow(10, digits);
        digits += Math.Abs(shifted - Math.Round(shifted)) > 1e-6 ? 1 : 0;
        return value.ToString("F" + digits, CultureInfo.InvariantCulture).Replace('-', '−');
    }

    private static string Scientific(double value)
    {
        var power = (int)Math.Floor(Math.Log10(Math.Abs(value)) + 1e-9);
        var mantissa = (value / Math.Pow(10, power)).ToString("0.#", CultureInfo.InvariantCulture);
        return $"{mantissa}e{power}".Replace('-', '−');
    }
}

using System.Globalization;
using System.Numerics;

namespace Madtp.Kit.Metrics;

/// <summary>
/// Python's <c>round(x, n)</c>: the exact value of the number rounded, a tie to the even digit. <c>Math.Round</c> rounds a scaled
/// copy.
/// </summary>
internal static class PythonRound
{
    /// <summary>A finite number rounded to some decimal places.</summary>
    public static double ToPlaces(double value, int places)
    {
        if (!double.IsFinite(value) || value == 0)
        {
            return value;
        }

        var bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        var exponent = (int)(bits >> 52);
        var mantissa = bits & ((1L << 52) - 1);
        (mantissa, exponent) = exponent == 0 ? (mantissa, -1074) : (mantissa | (1L << 52), exponent - 1075);
        if (exponent >= 0)
        {
            return value;
        }

        var scaled = mantissa * BigInteger.Pow(10, places);
        var unit = BigInteger.One << -exponent;
        var (quotient, remainder) = BigInteger.DivRem(scaled, unit);
        var twice = remainder * 2;
        if (twice > unit || (twice == unit && !quotient.IsEven))
        {
            quotient++;
        }

        var digits = quotient.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return Math.CopySign(double.Parse($"{digits[..^places]}.{digits[^places..]}", CultureInfo.InvariantCulture), value);
    }
}

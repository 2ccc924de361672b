using System.Globalization;

namespace Microsoft.Data.Analysis;

/// <summary>A column's values as they are read side by side: real numbers with equally many digits after the point.</summary>
internal static class CellText
{
    private const int MostDigits = 4;

    public static IReadOnlyList<string> Of(DataFrameColumn column)
    {
        var values = column.Cast<object?>().ToArray();
        var real = column.DataType == typeof(double) || column.DataType == typeof(float) || column.DataType == typeof(decimal);
        var digits = real ? values.Where(value => value is not null).Select(Digits).DefaultIfEmpty(0).Max() : 0;
        return [.. values.Select(value => value switch
        {
            null => "–",
            string text => text,
            _ when real => Real(value, digits),
            int or long or short or byte or uint or ulong => ((IFormattable)value).ToString("#,0", CultureInfo.InvariantCulture).Replace('-', '−'),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        })];
    }

    private static string Real(object value, int digits)
    {
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? number.ToString("#,0." + new string('0', digits), CultureInfo.InvariantCulture).Replace('-', '−') : "–";
    }

    /// <summary>How many digits after the point a number needs, up to four.</summary>
    private static int Digits(object? value)
    {
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        for (var digits = 0; digits < MostDigits; digits++)
        {
            if (!double.IsFinite(number) || Math.Abs(Math.Round(number, digits) - number) < 1e-9 * Math.Max(1, Math.Abs(number)))
            {
                return digits;
            }
        }

        return MostDigits;
    }
}

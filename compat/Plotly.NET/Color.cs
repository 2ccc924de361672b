using System.Globalization;

namespace Plotly.NET;

public class Color : IWritten
{
    private Color(object value) => Value = value;

    public object Value { get; }

    object IWritten.Json => Value;

    public static Color fromString(string c) => new(c);

    public static Color fromRGB(int r, int g, int b) => fromARGB(255, r, g, b);

    public static Color fromARGB(int a, int r, int g, int b)
        => new($"rgba({r}, {g}, {b}, {(a / 255.0).ToString("F1", CultureInfo.InvariantCulture)})");

    public static Color fromHex(string s)
    {
        var digits = s.TrimStart('#');
        if (digits.Length != 6 || !uint.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value))
        {
            throw new ArgumentException($"'{s}' is not a colour written as #rrggbb", nameof(s));
        }

        return fromRGB((int)(value >> 16), (int)((value >> 8) & 255), (int)(value & 255));
    }

    public static Color fromColorScaleValues<a>(IEnumerable<a> c)
        where a : IConvertible
        => new(c.ToArray());
}

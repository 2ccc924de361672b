using System.Globalization;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>A colour with its opacity.</summary>
internal readonly record struct Ink(byte R, byte G, byte B, double A = 1)
{
    public static readonly Ink White = Hex("#ffffff");
    public static readonly Ink None = new(0, 0, 0, 0);

    private static readonly Dictionary<string, string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["black"] = "#000000", ["white"] = "#ffffff", ["gray"] = "#808080", ["grey"] = "#808080", ["silver"] = "#c0c0c0",
        ["lightgray"] = "#d3d3d3", ["lightgrey"] = "#d3d3d3", ["darkgray"] = "#a9a9a9", ["darkgrey"] = "#a9a9a9", ["dimgray"] = "#696969",
        ["slategray"] = "#708090", ["red"] = "#ff0000", ["darkred"] = "#8b0000", ["crimson"] = "#dc143c", ["firebrick"] = "#b22222",
        ["tomato"] = "#ff6347", ["coral"] = "#ff7f50", ["salmon"] = "#fa8072", ["orange"] = "#ffa500", ["darkorange"] = "#ff8c00",
        ["gold"] = "#ffd700", ["yellow"] = "#ffff00", ["green"] = "#008000", ["darkgreen"] = "#006400", ["seagreen"] = "#2e8b57",
        ["lime"] = "#00ff00", ["teal"] = "#008080", ["cyan"] = "#00ffff", ["blue"] = "#0000ff", ["navy"] = "#000080",
        ["steelblue"] = "#4682b4", ["royalblue"] = "#4169e1", ["dodgerblue"] = "#1e90ff", ["skyblue"] = "#87ceeb", ["lightblue"] = "#add8e6",
        ["purple"] = "#800080", ["indigo"] = "#4b0082", ["violet"] = "#ee82ee", ["magenta"] = "#ff00ff", ["orchid"] = "#da70d6",
        ["pink"] = "#ffc0cb", ["brown"] = "#a52a2a", ["maroon"] = "#800000", ["olive"] = "#808000", ["tan"] = "#d2b48c",
    };

    /// <summary>How light it looks, 0 to 1.</summary>
    public double Luminance => ((0.2126 * R) + (0.7152 * G) + (0.0722 * B)) / 255;

    /// <summary>A colour written as CSS does: #rgb, #rrggbb, rgb(…), rgba(…), a common name.</summary>
    /// <exception cref="ArgumentException">It is written in another way.</exception>
    public static Ink Parse(string css)
    {
        var text = css.Trim();
        if (text.Equals("transparent", StringComparison.OrdinalIgnoreCase))
        {
            return None;
        }

        if (Named.TryGetValue(text, out var hex))
        {
            return Hex(hex);
        }

        if (text.StartsWith('#') && text.Length is 4 or 7)
        {
            return Hex(text);
        }

        return text.StartsWith("rgb", StringComparison.Ordinal) ? Function(text) : throw Unknown(css);
    }

    public static Ink Hex(string hex)
    {
        var digits = hex.Length == 4 ? $"{hex[1]}{hex[1]}{hex[2]}{hex[2]}{hex[3]}{hex[3]}" : hex[1..];
        return uint.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
            ? new Ink((byte)(value >> 16), (byte)(value >> 8), (byte)value)
            : throw Unknown(hex);
    }

    /// <summary>Between this (0) and another (1).</summary>
    public Ink Mix(Ink other, double share) => new(
        Between(R, other.R, share), Between(G, other.G, share), Between(B, other.B, share), A + ((other.A - A) * share));

    /// <summary>The same, more or less see-through.</summary>
    public Ink Fade(double opacity) => this with { A = A * opacity };

    /// <summary>The colour as SVG writes it, without its opacity.</summary>
    public override string ToString() => $"#{R:x2}{G:x2}{B:x2}";

    private static byte Between(byte a, byte b, double share) => (byte)Math.Round(a + ((b - a) * Math.Clamp(share, 0, 1)));

    private static Ink Function(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var parts = text[(open + 1)..].TrimEnd(')').Split(',');
        if (open < 0 || parts.Length is < 3 or > 4)
        {
            throw Unknown(text);
        }

        var numbers = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
            {
                throw Unknown(text);
            }
        }

        return new Ink(Channel(numbers[0]), Channel(numbers[1]), Channel(numbers[2]), parts.Length == 4 ? numbers[3] : 1);
    }

    private static byte Channel(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);

    private static ArgumentException Unknown(string css) => new($"'{css}' is not a colour this kit draws; write #rrggbb, rgb(r, g, b) or a common CSS name");
}

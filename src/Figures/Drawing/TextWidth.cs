namespace Madtp.Kit.Figures.Drawing;

/// <summary>
/// How wide a text will be, without a font at hand: the widths of a wide sans-serif, so that what fits here fits in whichever face the
/// viewer has.
/// </summary>
internal static class TextWidth
{
    // Thousandths of the size for the characters from space to tilde.
    private static readonly short[] Widths =
    [
        318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
        1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
        500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
    ];

    public static double Of(string text, double size, bool bold = false)
    {
        var thousandths = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            thousandths += rune.Value switch
            {
                >= ' ' and <= '~' => Widths[rune.Value - ' '],
                < 0x250 => 640,
                < 0x1100 => 760,
                _ => 1000,
            };
        }

        return thousandths * size / 1000 * (bold ? 1.1 : 1);
    }

    /// <summary>The text cut to a width, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, double size, double width)
    {
        if (Of(text, size) <= width)
        {
            return text;
        }

        var runes = text.EnumerateRunes().ToArray();
        for (var kept = runes.Length - 1; kept > 0; kept--)
        {
            var cut = string.Concat(runes.Take(kept)).TrimEnd() + "…";
            if (Of(cut, size) <= width)
            {
                return cut;
            }
        }

        return "…";
    }

    /// <summary>The text in lines no wider than given, broken at spaces and after slashes; a longer word keeps its own line.</summary>
    public static IReadOnlyList<string> Wrap(string text, double size, double width, bool bold = false)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' '))
            {
                var longer = line.Length == 0 ? word : $"{line} {word}";
                if (line.Length > 0 && Of(longer, size, bold) > width)
                {
                    lines.Add(line);
                    line = word;
                }
                else
                {
                    line = longer;
                }
            }

            lines.Add(line);
        }

        return lines;
    }
}

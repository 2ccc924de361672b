namespace Madtp.Kit.Figures;

/// <summary>
/// How notebooks show a <see cref="StaticFigure"/>; found by name, see <see cref="TypeFormatterSourceAttribute"/>. A chart of a
/// live notebook is interactive. What is kept is a picture: as SVG, sharp at any size, and as pixels beside it, since some
/// readers trust no SVG that they did not see made. A figure full of photographs goes in as pixels alone: notebooks stay small.
/// </summary>
internal sealed class StaticFigureFormatters
{
    private const int LargestSvg = 150_000;

    /// <summary>Whether what is shown is to be kept: a chart becomes a picture then.</summary>
    private static bool IsKept => Environment.GetEnvironmentVariable("KIT_FIGURES_STATIC") == "1";

    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<StaticFigure>("text/html", Html),
        new TypeFormatter<StaticFigure>(
            "image/svg+xml", figure => HasPicture(figure) && !IsPixelsOnly(figure) ? figure.Svg : null),
        new TypeFormatter<StaticFigure>("image/png", figure => HasPicture(figure) ? Png(figure) : null),
        new TypeFormatter<StaticFigure>("text/plain", figure => figure.ToString()),
    ];

    /// <summary>A live notebook starts no browser for a picture of a chart that nobody asked for.</summary>
    private static bool HasPicture(StaticFigure figure) => figure.HasPicture(draw: IsKept);

    private static bool IsPixelsOnly(StaticFigure figure) => figure.Svg.Length > LargestSvg && figure.ToPng(0.1) is not null;

    private static string? Png(StaticFigure figure) =>
        figure.ToPng(figure.Svg.Length > LargestSvg ? 1.25 : 1.5) is { } png ? Convert.ToBase64String(png) : null;

    private static string? Html(StaticFigure figure)
    {
        if (IsKept && figure.HasPicture(draw: true))
        {
            return null;
        }

        if (figure.Html is { } interactive)
        {
            return interactive;
        }

        var data = IsPixelsOnly(figure)
            ? $"image/png;base64,{Png(figure)}"
            : $"image/svg+xml;base64,{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(figure.Svg))}";
        return $"<img style=\"max-width:100%\" alt=\"{System.Net.WebUtility.HtmlEncode(figure.Title)}\" src=\"data:{data}\"/>";
    }
}

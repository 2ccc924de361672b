namespace Madtp.Kit.Figures;

/// <summary>
/// How notebooks show a <see cref="StaticFigure"/>; found by name, see <see cref="TypeFormatterSourceAttribute"/>. A drawing goes in as SVG,
/// sharp at any size, and as pixels beside it, since some readers trust no SVG that they did not see made. A figure full of photographs
/// goes in as pixels alone, so that notebooks stay small.
/// </summary>
internal sealed class StaticFigureFormatters
{
    private const int LargestSvg = 150_000;

    /// <summary>Whether charts are shown as pictures too, as a notebook that is kept needs them.</summary>
    private static bool AreStatic => Environment.GetEnvironmentVariable("KIT_FIGURES_STATIC") == "1";

    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<StaticFigure>("text/html", figure => AreStatic && figure.HasPicture(draw: true) ? null : figure.Html),
        new TypeFormatter<StaticFigure>("image/svg+xml", figure => !HasPicture(figure) || (IsLarge(figure) && figure.ToPng(0.1) is not null) ? null : figure.Svg),
        new TypeFormatter<StaticFigure>("image/png", figure => HasPicture(figure) && figure.ToPng(IsLarge(figure) ? 1.25 : 1.5) is { } png ? Convert.ToBase64String(png) : null),
        new TypeFormatter<StaticFigure>("text/plain", figure => figure.ToString()),
    ];

    /// <summary>A live notebook shows a chart interactively and starts no browser for a picture of it that nobody asked for.</summary>
    private static bool HasPicture(StaticFigure figure) => figure.HasPicture(draw: AreStatic);

    private static bool IsLarge(StaticFigure figure) => figure.Svg.Length > LargestSvg;
}

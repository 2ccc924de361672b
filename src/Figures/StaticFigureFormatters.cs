namespace Madtp.Kit.Figures;

/// <summary>
/// How notebooks show a <see cref="StaticFigure"/>; found by name, see <see cref="TypeFormatterSourceAttribute"/>. A drawing goes in as SVG,
/// sharp at any size, and as pixels beside it, since some readers trust no SVG that they did not see made. A figure full of photographs
/// goes in as pixels alone, so that notebooks stay small.
/// </summary>
internal sealed class StaticFigureFormatters
{
    private const int LargestSvg = 150_000;

    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<StaticFigure>("image/svg+xml", figure => IsLarge(figure) && figure.ToPng(0.1) is not null ? null : figure.Svg),
        new TypeFormatter<StaticFigure>("image/png", figure => figure.ToPng(IsLarge(figure) ? 1.25 : 1.5) is { } png ? Convert.ToBase64String(png) : null),
        new TypeFormatter<StaticFigure>("text/plain", figure => figure.ToString()),
    ];

    private static bool IsLarge(StaticFigure figure) => figure.Svg.Length > LargestSvg;
}

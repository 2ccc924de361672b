namespace Madtp.Kit.Figures;

/// <summary>How notebooks show a <see cref="StaticFigure"/>; found by name, see <see cref="TypeFormatterSourceAttribute"/>.</summary>
internal sealed class StaticFigureFormatters
{
    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<StaticFigure>("image/svg+xml", figure => figure.Svg),
        new TypeFormatter<StaticFigure>("text/plain", figure => figure.ToString()),
    ];
}

using Madtp.Kit.Figures;
using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Plotly.NET;

/// <summary>How notebooks show a chart: as a still picture, which no script has to draw.</summary>
internal sealed class ChartFormatters
{
    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<GenericChart>("image/svg+xml", chart => Svg(ChartPainter.Draw(GenericChart.toJson(chart)))),
        new TypeFormatter<GenericChart>("image/png", chart => Png(ChartPainter.Draw(GenericChart.toJson(chart)).Sketch)),
        new TypeFormatter<GenericChart>("text/plain", chart => $"chart of {chart.Traces.Count} traces"),
    ];

    private static string Svg((Sketch Sketch, string Title) drawn) => SvgText.Of(drawn.Sketch, drawn.Title);

    /// <summary>Some readers trust no SVG that they did not see made.</summary>
    private static string? Png(Sketch sketch) => SketchPixels.Of(sketch, 1.5) is { } pixels ? Convert.ToBase64String(PngFile.Of(pixels)) : null;
}

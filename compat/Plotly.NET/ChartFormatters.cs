using Madtp.Kit.Figures;
using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;

namespace Plotly.NET;

/// <summary>How notebooks show a chart: as a still picture, which no script has to draw.</summary>
internal sealed class ChartFormatters
{
    public static IEnumerable<object> CreateTypeFormatters() =>
    [
        new TypeFormatter<GenericChart>("image/svg+xml", chart =>
        {
            var (sketch, title) = ChartPainter.Draw(GenericChart.toJson(chart));
            return SvgText.Of(sketch, title);
        }),
        new TypeFormatter<GenericChart>("text/plain", chart => $"chart of {chart.Traces.Count} traces"),
    ];
}

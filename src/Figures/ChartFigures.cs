using Plotly.NET;

namespace Madtp.Kit.Figures;

/// <summary>Charts as finished pictures.</summary>
public static class ChartFigures
{
    /// <summary>Draws a chart without a script, so that it is seen wherever the notebook is read.</summary>
    /// <param name="chart">Lines, points, areas, bars, histograms and heat maps, alone or in a grid.</param>
    /// <param name="saveAs">The name of its file in the folder of figures, without an ending; null to keep it in the notebook only.</param>
    /// <exception cref="ArgumentException">The chart holds something that is not drawn here.</exception>
    public static StaticFigure Draw(this GenericChart chart, string? saveAs = null)
    {
        var figure = StaticFigure.FromJson(GenericChart.toJson(chart));
        return saveAs is null ? figure : figure.Save(saveAs);
    }
}

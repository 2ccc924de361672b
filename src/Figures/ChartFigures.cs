using Plotly.NET;
using Axes = Plotly.NET.CSharp.GenericChartExtensions;

namespace Madtp.Kit.Figures;

/// <summary>Charts as finished pictures.</summary>
public static class ChartFigures
{
    /// <summary>Names the axes; <c>WithXAxisStyle</c> and <c>WithYAxisStyle</c> set everything else about them.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="x">What the horizontal axis counts; null leaves it as it is.</param>
    /// <param name="y">What the vertical axis counts; null leaves it as it is.</param>
    public static GenericChart WithAxisTitles(this GenericChart chart, string? x = null, string? y = null)
    {
        var named = x is null ? chart : Axes.WithXAxisStyle<int, int, string>(chart, TitleText: x);
        return y is null ? named : Axes.WithYAxisStyle<int, int, string>(named, TitleText: y);
    }

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

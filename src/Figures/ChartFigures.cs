using Microsoft.FSharp.Core;
using Plotly.NET;
using Axes = Plotly.NET.CSharp.GenericChartExtensions;

namespace Madtp.Kit.Figures;

/// <summary>Charts as figures, and the few parts of a chart that Plotly.NET's C# names leave out.</summary>
public static class ChartFigures
{
    /// <summary>Writes a title above the chart.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="title">The title.</param>
    public static GenericChart WithTitle(this GenericChart chart, string title) =>
        Chart.withTitle(title, FSharpOption<Font>.None).Invoke(chart);

    /// <summary>Names the axes; <c>WithXAxisStyle</c> and <c>WithYAxisStyle</c> set everything else about them.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="x">What the horizontal axis counts; null leaves it as it is.</param>
    /// <param name="y">What the vertical axis counts; null leaves it as it is.</param>
    public static GenericChart WithAxisTitles(this GenericChart chart, string? x = null, string? y = null)
    {
        var named = x is null ? chart : Axes.WithXAxisStyle<int, int, string>(chart, TitleText: x);
        return y is null ? named : Axes.WithYAxisStyle<int, int, string>(named, TitleText: y);
    }

    /// <summary>Puts a vertical error bar at each point.</summary>
    /// <param name="chart">A chart of points, lines or columns.</param>
    /// <param name="array">Half of each bar's length, in the chart's order and its unit.</param>
    public static GenericChart WithYErrorStyle(this GenericChart chart, IEnumerable<double> array) =>
        Chart.withYErrorStyle<double, double>(
            FSharpOption<bool>.None,
            FSharpOption<StyleParam.ErrorType>.None,
            FSharpOption<bool>.None,
            FSharpOption<IEnumerable<double>>.Some(array),
            FSharpOption<IEnumerable<double>>.None,
            FSharpOption<double>.None,
            FSharpOption<double>.None,
            FSharpOption<int>.None,
            FSharpOption<int>.None,
            FSharpOption<bool>.None,
            FSharpOption<Color>.None,
            FSharpOption<double>.None,
            FSharpOption<double>.None).Invoke(chart);

    /// <summary>
    /// The chart as a figure in the kit's look: interactive in a live notebook, static in files and where
    /// <c>KIT_FIGURES_STATIC</c> is 1.
    /// </summary>
    /// <param name="chart">Any chart of Plotly.NET.</param>
    /// <param name="saveAs">The name of its files in the folder of figures, without an ending; null for none.</param>
    public static StaticFigure Draw(this GenericChart chart, string? saveAs = null)
    {
        ArgumentNullException.ThrowIfNull(chart);
        var look = ChartLook.Of(GenericChart.toJson(chart));
        var figure = new StaticFigure(
            look.Title,
            look.Width,
            look.Height,
            () => ChartBrowser.Svg(look),
            scale => ChartBrowser.Png(look, scale),
            () => InteractiveChart.Html(look.Json, look.Title, typeof(GenericChart).Assembly));
        return saveAs is null ? figure : figure.Save(saveAs);
    }
}

using Plotly.NET.LayoutObjects;

namespace Plotly.NET.CSharp;

public static partial class Chart
{
    public static GenericChart Grid(
        IEnumerable<GenericChart> gCharts,
        int nRows,
        int nCols,
        Optional<IEnumerable<string>> SubPlotTitles = default,
        Optional<Font> SubPlotTitleFont = default,
        Optional<double> SubPlotTitleOffset = default,
        Optional<Tuple<StyleParam.LinearAxisId, StyleParam.LinearAxisId>[][]> SubPlots = default,
        Optional<StyleParam.LinearAxisId[]> XAxes = default,
        Optional<StyleParam.LinearAxisId[]> YAxes = default,
        Optional<StyleParam.LayoutGridRowOrder> RowOrder = default,
        Optional<StyleParam.LayoutGridPattern> Pattern = default,
        Optional<double> XGap = default,
        Optional<double> YGap = default,
        Optional<Domain> Domain = default,
        Optional<StyleParam.LayoutGridXSide> XSide = default,
        Optional<StyleParam.LayoutGridYSide> YSide = default)
        => PanelGrid.Of([.. gCharts], nRows, nCols, Pattern.Or(StyleParam.LayoutGridPattern.Independent), SubPlotTitles, SubPlotTitleFont, SubPlotTitleOffset, Fields.Empty
            .Set("rows", nRows)
            .Set("columns", nCols)
            .Set("subplots", SubPlots)
            .Set("xaxes", XAxes)
            .Set("yaxes", YAxes)
            .Set("roworder", RowOrder.Or(StyleParam.LayoutGridRowOrder.TopToBottom))
            .Set("pattern", Pattern.Or(StyleParam.LayoutGridPattern.Independent))
            .Set("xgap", XGap)
            .Set("ygap", YGap)
            .Set("domain", Domain)
            .Set("xside", XSide)
            .Set("yside", YSide));

    public static GenericChart SingleStack(
        IEnumerable<GenericChart> gCharts,
        Optional<IEnumerable<string>> SubPlotTitles = default,
        Optional<Font> SubPlotTitleFont = default,
        Optional<double> SubPlotTitleOffset = default,
        Optional<Tuple<StyleParam.LinearAxisId, StyleParam.LinearAxisId>[][]> SubPlots = default,
        Optional<StyleParam.LinearAxisId[]> XAxes = default,
        Optional<StyleParam.LinearAxisId[]> YAxes = default,
        Optional<StyleParam.LayoutGridRowOrder> RowOrder = default,
        Optional<StyleParam.LayoutGridPattern> Pattern = default,
        Optional<double> XGap = default,
        Optional<double> YGap = default,
        Optional<Domain> Domain = default,
        Optional<StyleParam.LayoutGridXSide> XSide = default,
        Optional<StyleParam.LayoutGridYSide> YSide = default)
    {
        var charts = gCharts.ToArray();
        return Grid(charts, charts.Length, 1, SubPlotTitles, SubPlotTitleFont, SubPlotTitleOffset, SubPlots, XAxes, YAxes, RowOrder, Pattern, XGap, YGap, Domain, XSide, YSide);
    }

    public static GenericChart Combine(IEnumerable<GenericChart> gCharts) => GenericChart.Joined([.. gCharts]);

    public static GenericChart Invisible() => Fields.Trace(null)
        .ToChart(false)
        .Lay(Fields.Empty.Set("xaxis", Drawing.BareAxis()).Set("yaxis", Drawing.BareAxis()));
}

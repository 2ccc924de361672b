using Microsoft.FSharp.Core;
using Plotly.NET.TraceObjects;

namespace Plotly.NET;

public static class GenericChartExtensions
{
    public static GenericChart WithTitle(
        this GenericChart @this,
        string title,
        FSharpOption<Font>? TitleFont = null)
        => @this.Lay(Fields.Of("title", Fields.Of("text", title).Set("font", TitleFont)));

    public static GenericChart WithLegend(this GenericChart @this, bool showlegend) => @this.Lay(Fields.Of("showlegend", showlegend));

    public static GenericChart WithMarkerStyle(
        this GenericChart @this,
        FSharpOption<bool>? AutoColorScale = null,
        FSharpOption<bool>? CAuto = null,
        FSharpOption<double>? CMax = null,
        FSharpOption<double>? CMid = null,
        FSharpOption<double>? CMin = null,
        FSharpOption<Color>? Color = null,
        FSharpOption<IEnumerable<Color>>? Colors = null,
        FSharpOption<StyleParam.SubPlotId>? ColorAxis = null,
        FSharpOption<ColorBar>? ColorBar = null,
        FSharpOption<StyleParam.Colorscale>? Colorscale = null,
        FSharpOption<Gradient>? Gradient = null,
        FSharpOption<Line>? Outline = null,
        FSharpOption<int>? MaxDisplayed = null,
        FSharpOption<double>? Opacity = null,
        FSharpOption<IEnumerable<double>>? MultiOpacity = null,
        FSharpOption<Pattern>? Pattern = null,
        FSharpOption<bool>? ReverseScale = null,
        FSharpOption<bool>? ShowScale = null,
        FSharpOption<int>? Size = null,
        FSharpOption<IEnumerable<int>>? MultiSize = null,
        FSharpOption<int>? SizeMin = null,
        FSharpOption<StyleParam.MarkerSizeMode>? SizeMode = null,
        FSharpOption<int>? SizeRef = null,
        FSharpOption<StyleParam.MarkerSymbol>? Symbol = null,
        FSharpOption<IEnumerable<StyleParam.MarkerSymbol>>? MultiSymbol = null,
        FSharpOption<StyleParam.MarkerSymbol3D>? Symbol3D = null,
        FSharpOption<IEnumerable<StyleParam.MarkerSymbol3D>>? MultiSymbol3D = null,
        FSharpOption<Color>? OutlierColor = null,
        FSharpOption<int>? OutlierWidth = null)
        => @this.Style(Fields.Of("marker", Fields.Empty
            .Set("autocolorscale", AutoColorScale)
            .Set("cauto", CAuto)
            .Set("cmax", CMax)
            .Set("cmid", CMid)
            .Set("cmin", CMin)
            .Set("color", Color)
            .Set("color", Colors)
            .Set("coloraxis", ColorAxis)
            .Set("colorbar", ColorBar)
            .Set("colorscale", Colorscale)
            .Set("gradient", Gradient)
            .Set("line", Outline)
            .Set("maxdisplayed", MaxDisplayed)
            .Set("opacity", Opacity)
            .Set("opacity", MultiOpacity)
            .Set("pattern", Pattern)
            .Set("reversescale", ReverseScale)
            .Set("showscale", ShowScale)
            .Set("size", Size)
            .Set("size", MultiSize)
            .Set("sizemin", SizeMin)
            .Set("sizemode", SizeMode)
            .Set("sizeref", SizeRef)
            .Set("symbol", Symbol)
            .Set("symbol", MultiSymbol)
            .Set("symbol", Symbol3D)
            .Set("symbol", MultiSymbol3D)
            .Set("outliercolor", OutlierColor)
            .Set("outlierwidth", OutlierWidth)));

    public static GenericChart WithYErrorStyle<k, l>(
        this GenericChart @this,
        FSharpOption<IEnumerable<k>>? Array = null,
        FSharpOption<IEnumerable<l>>? Arrayminus = null,
        FSharpOption<bool>? Symmetric = null,
        FSharpOption<Color>? Color = null,
        FSharpOption<double>? Thickness = null,
        FSharpOption<double>? Width = null)
        where k : IConvertible
        where l : IConvertible
        => @this.Style(Fields.Of("error_y", Fields.Empty
            .Set("array", Array)
            .Set("arrayminus", Arrayminus)
            .Set("symmetric", Symmetric)
            .Set("color", Color)
            .Set("thickness", Thickness)
            .Set("width", Width)));
}

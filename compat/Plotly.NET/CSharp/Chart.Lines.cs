using Plotly.NET.TraceObjects;

namespace Plotly.NET.CSharp;

public static partial class Chart
{
    public static GenericChart Line<XType, YType, TextType>(
        IEnumerable<XType> x,
        IEnumerable<YType> y,
        Optional<bool> ShowMarkers = default,
        Optional<string> Name = default,
        Optional<bool> ShowLegend = default,
        Optional<double> Opacity = default,
        Optional<IEnumerable<double>> MultiOpacity = default,
        Optional<TextType> Text = default,
        Optional<IEnumerable<TextType>> MultiText = default,
        Optional<StyleParam.TextPosition> TextPosition = default,
        Optional<IEnumerable<StyleParam.TextPosition>> MultiTextPosition = default,
        Optional<Color> MarkerColor = default,
        Optional<StyleParam.Colorscale> MarkerColorScale = default,
        Optional<Line> MarkerOutline = default,
        Optional<StyleParam.MarkerSymbol> MarkerSymbol = default,
        Optional<IEnumerable<StyleParam.MarkerSymbol>> MultiMarkerSymbol = default,
        Optional<Marker> Marker = default,
        Optional<Color> LineColor = default,
        Optional<StyleParam.Colorscale> LineColorScale = default,
        Optional<double> LineWidth = default,
        Optional<StyleParam.DrawingStyle> LineDash = default,
        Optional<Line> Line = default,
        Optional<string> StackGroup = default,
        Optional<StyleParam.Orientation> Orientation = default,
        Optional<StyleParam.GroupNorm> GroupNorm = default,
        Optional<StyleParam.Fill> Fill = default,
        Optional<Color> FillColor = default,
        Optional<bool> UseWebGL = default,
        Optional<bool> UseDefaults = default)
        where XType : IConvertible
        where YType : IConvertible
        where TextType : IConvertible
        => Fields.Trace(UseWebGL.Or(false) ? "scattergl" : "scatter")
            .Set("name", Name)
            .Set("showlegend", ShowLegend)
            .Set("opacity", Opacity)
            .Set("mode", Drawing.Mode("lines", ShowMarkers, TextPosition, MultiTextPosition))
            .Set("x", x)
            .Set("y", y)
            .Set("text", Text)
            .Set("text", MultiText)
            .Set("textposition", TextPosition)
            .Set("textposition", MultiTextPosition)
            .Set("stackgroup", StackGroup)
            .Set("orientation", Orientation)
            .Set("groupnorm", GroupNorm)
            .Object("marker")
            .Set("marker", Marker)
            .Set("marker.color", MarkerColor)
            .Set("marker.colorscale", MarkerColorScale)
            .Set("marker.line", MarkerOutline)
            .Set("marker.symbol", MarkerSymbol)
            .Set("marker.symbol", MultiMarkerSymbol)
            .Set("marker.opacity", MultiOpacity)
            .Object("line")
            .Set("line", Line)
            .Set("line.color", LineColor)
            .Set("line.colorscale", LineColorScale)
            .Set("line.width", LineWidth)
            .Set("line.dash", LineDash)
            .Set("fill", Fill)
            .Set("fillcolor", FillColor)
            .ToChart(UseDefaults);

    public static GenericChart Area<XType, YType, TextType>(
        IEnumerable<XType> x,
        IEnumerable<YType> y,
        Optional<bool> ShowMarkers = default,
        Optional<string> Name = default,
        Optional<bool> ShowLegend = default,
        Optional<double> Opacity = default,
        Optional<IEnumerable<double>> MultiOpacity = default,
        Optional<TextType> Text = default,
        Optional<IEnumerable<TextType>> MultiText = default,
        Optional<StyleParam.TextPosition> TextPosition = default,
        Optional<IEnumerable<StyleParam.TextPosition>> MultiTextPosition = default,
        Optional<Color> MarkerColor = default,
        Optional<StyleParam.Colorscale> MarkerColorScale = default,
        Optional<Line> MarkerOutline = default,
        Optional<StyleParam.MarkerSymbol> MarkerSymbol = default,
        Optional<IEnumerable<StyleParam.MarkerSymbol>> MultiMarkerSymbol = default,
        Optional<Marker> Marker = default,
        Optional<Color> LineColor = default,
        Optional<StyleParam.Colorscale> LineColorScale = default,
        Optional<double> LineWidth = default,
        Optional<StyleParam.DrawingStyle> LineDash = default,
        Optional<Line> Line = default,
        Optional<string> StackGroup = default,
        Optional<StyleParam.Orientation> Orientation = default,
        Optional<StyleParam.GroupNorm> GroupNorm = default,
        Optional<Color> FillColor = default,
        Optional<bool> UseWebGL = default,
        Optional<bool> UseDefaults = default)
        where XType : IConvertible
        where YType : IConvertible
        where TextType : IConvertible
        => Fields.Trace(UseWebGL.Or(false) ? "scattergl" : "scatter")
            .Set("name", Name)
            .Set("showlegend", ShowLegend)
            .Set("opacity", Opacity)
            .Set("mode", Drawing.Mode("lines", ShowMarkers, TextPosition, MultiTextPosition))
            .Set("x", x)
            .Set("y", y)
            .Set("text", Text)
            .Set("text", MultiText)
            .Set("textposition", TextPosition)
            .Set("textposition", MultiTextPosition)
            .Set("stackgroup", StackGroup)
            .Set("orientation", Orientation)
            .Set("groupnorm", GroupNorm)
            .Object("marker")
            .Set("marker", Marker)
            .Set("marker.color", MarkerColor)
            .Set("marker.colorscale", MarkerColorScale)
            .Set("marker.line", MarkerOutline)
            .Set("marker.symbol", MarkerSymbol)
            .Set("marker.symbol", MultiMarkerSymbol)
            .Set("marker.opacity", MultiOpacity)
            .Object("line")
            .Set("line", Line)
            .Set("line.color", LineColor)
            .Set("line.colorscale", LineColorScale)
            .Set("line.width", LineWidth)
            .Set("line.dash", LineDash)
            .Set("fillcolor", FillColor)
            .Set("fill", "tozeroy")
            .Object("fillpattern")
            .ToChart(UseDefaults);
}

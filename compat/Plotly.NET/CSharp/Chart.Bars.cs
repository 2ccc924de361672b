using Plotly.NET.TraceObjects;

namespace Plotly.NET.CSharp;

public static partial class Chart
{
    public static GenericChart Bar<ValuesType, KeysType, TextType>(
        IEnumerable<ValuesType> values,
        Optional<IEnumerable<KeysType>> Keys = default,
        Optional<string> Name = default,
        Optional<bool> ShowLegend = default,
        Optional<double> Opacity = default,
        Optional<IEnumerable<double>> MultiOpacity = default,
        Optional<TextType> Text = default,
        Optional<IEnumerable<TextType>> MultiText = default,
        Optional<Color> MarkerColor = default,
        Optional<StyleParam.Colorscale> MarkerColorScale = default,
        Optional<Line> MarkerOutline = default,
        Optional<StyleParam.PatternShape> MarkerPatternShape = default,
        Optional<IEnumerable<StyleParam.PatternShape>> MultiMarkerPatternShape = default,
        Optional<Pattern> MarkerPattern = default,
        Optional<Marker> Marker = default,
        Optional<StyleParam.TextPosition> TextPosition = default,
        Optional<IEnumerable<StyleParam.TextPosition>> MultiTextPosition = default,
        Optional<IEnumerable<ValuesType>> MultiWidth = default,
        Optional<bool> UseDefaults = default,
        Optional<ValuesType> Base = default,
        Optional<ValuesType> Width = default)
        where ValuesType : IConvertible
        where KeysType : IConvertible
        where TextType : IConvertible
        => Fields.Trace("bar")
            .Set("name", Name)
            .Set("showlegend", ShowLegend)
            .Set("opacity", Opacity)
            .Set("x", values)
            .Set("y", Keys)
            .Set("base", Base)
            .Set("width", Width)
            .Set("width", MultiWidth)
            .Set("text", Text)
            .Set("text", MultiText)
            .Set("textposition", TextPosition)
            .Set("textposition", MultiTextPosition)
            .Set("orientation", "h")
            .Set("marker", Marker)
            .Set("marker.color", MarkerColor)
            .Set("marker.colorscale", MarkerColorScale)
            .Set("marker.line", MarkerOutline)
            .Set("marker.opacity", MultiOpacity)
            .Object("marker.pattern")
            .Set("marker.pattern", MarkerPattern)
            .Set("marker.pattern.shape", MarkerPatternShape)
            .Set("marker.pattern.shape", MultiMarkerPatternShape)
            .ToChart(UseDefaults);

    public static GenericChart Column<ValuesType, KeysType, TextType>(
        IEnumerable<ValuesType> values,
        Optional<IEnumerable<KeysType>> Keys = default,
        Optional<string> Name = default,
        Optional<bool> ShowLegend = default,
        Optional<double> Opacity = default,
        Optional<IEnumerable<double>> MultiOpacity = default,
        Optional<TextType> Text = default,
        Optional<IEnumerable<TextType>> MultiText = default,
        Optional<Color> MarkerColor = default,
        Optional<StyleParam.Colorscale> MarkerColorScale = default,
        Optional<Line> MarkerOutline = default,
        Optional<StyleParam.PatternShape> MarkerPatternShape = default,
        Optional<IEnumerable<StyleParam.PatternShape>> MultiMarkerPatternShape = default,
        Optional<Pattern> MarkerPattern = default,
        Optional<Marker> Marker = default,
        Optional<StyleParam.TextPosition> TextPosition = default,
        Optional<IEnumerable<StyleParam.TextPosition>> MultiTextPosition = default,
        Optional<IEnumerable<ValuesType>> MultiWidth = default,
        Optional<bool> UseDefaults = default,
        Optional<ValuesType> Base = default,
        Optional<ValuesType> Width = default)
        where ValuesType : IConvertible
        where KeysType : IConvertible
        where TextType : IConvertible
        => Fields.Trace("bar")
            .Set("name", Name)
            .Set("showlegend", ShowLegend)
            .Set("opacity", Opacity)
            .Set("x", Keys)
            .Set("y", values)
            .Set("base", Base)
            .Set("width", Width)
            .Set("width", MultiWidth)
            .Set("text", Text)
            .Set("text", MultiText)
            .Set("textposition", TextPosition)
            .Set("textposition", MultiTextPosition)
            .Set("orientation", "v")
            .Set("marker", Marker)
            .Set("marker.color", MarkerColor)
            .Set("marker.colorscale", MarkerColorScale)
            .Set("marker.line", MarkerOutline)
            .Set("marker.opacity", MultiOpacity)
            .Object("marker.pattern")
            .Set("marker.pattern", MarkerPattern)
            .Set("marker.pattern.shape", MarkerPatternShape)
            .Set("marker.pattern.shape", MultiMarkerPatternShape)
            .ToChart(UseDefaults);

    public static GenericChart StackedColumn<ValuesType, KeysType, TextType>(
        IEnumerable<ValuesType> values,
        Optional<IEnumerable<KeysType>> Keys = default,
        Optional<string> Name = default,
        Optional<bool> ShowLegend = default,
        Optional<double> Opacity = default,
        Optional<IEnumerable<double>> MultiOpacity = default,
        Optional<TextType> Text = default,
        Optional<IEnumerable<TextType>> MultiText = default,
        Optional<Color> MarkerColor = default,
        Optional<StyleParam.Colorscale> MarkerColorScale = default,
        Optional<Line> MarkerOutline = default,
        Optional<StyleParam.PatternShape> MarkerPatternShape = default,
        Optional<IEnumerable<StyleParam.PatternShape>> MultiMarkerPatternShape = default,
        Optional<Pattern> MarkerPattern = default,
        Optional<Marker> Marker = default,
        Optional<StyleParam.TextPosition> TextPosition = default,
        Optional<IEnumerable<StyleParam.TextPosition>> MultiTextPosition = default,
        Optional<IEnumerable<ValuesType>> MultiWidth = default,
        Optional<bool> UseDefaults = default,
        Optional<ValuesType> Base = default,
        Optional<ValuesType> Width = default)
        where ValuesType : IConvertible
        where KeysType : IConvertible
        where TextType : IConvertible
        => Fields.Trace("bar")
            .Set("name", Name)
            .Set("showlegend", ShowLegend)
            .Set("opacity", Opacity)
            .Set("x", Keys)
            .Set("y", values)
            .Set("base", Base)
            .Set("width", Width)
            .Set("width", MultiWidth)
            .Set("text", Text)
            .Set("text", MultiText)
            .Set("textposition", TextPosition)
            .Set("textposition", MultiTextPosition)
            .Set("orientation", "v")
            .Set("marker", Marker)
            .Set("marker.color", MarkerColor)
            .Set("marker.colorscale", MarkerColorScale)
            .Set("marker.line", MarkerOutline)
            .Set("marker.opacity", MultiOpacity)
            .Object("marker.pattern")
            .Set("marker.pattern", MarkerPattern)
            .Set("marker.pattern.shape", MarkerPatternShape)
            .Set("marker.pattern.shape", MultiMarkerPatternShape)
            .ToChart(UseDefaults).Lay(Fields.Of("barmode", "stack"));
}

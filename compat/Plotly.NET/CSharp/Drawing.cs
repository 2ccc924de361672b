using System.Globalization;

namespace Plotly.NET.CSharp;

/// <summary>What charts' settings become in their figure.</summary>
internal static class Drawing
{
    /// <summary>How a trace is drawn: its lines or points, and the labels whose position is given.</summary>
    public static string Mode(string drawn, Optional<bool> showMarkers, Optional<StyleParam.TextPosition> position, Optional<IEnumerable<StyleParam.TextPosition>> positions)
        => drawn + (showMarkers.Or(false) ? "+markers" : "") + (position.IsSome || positions.IsSome ? "+text" : "");

    public static Fields YAxis(Optional<bool> reversed) => reversed.Or(false) ? Fields.Of("yaxis", Fields.Of("autorange", "reversed")) : Fields.Empty;

    public static Fields BareAxis() => Fields.Empty.Set("showticklabels", false).Set("showline", false).Set("showgrid", false).Set("zeroline", false);

    /// <summary>The name of an axis in the layout: the first one unless another is named.</summary>
    public static string AxisName(Optional<StyleParam.SubPlotId> id, string first) => id.IsSome ? Convert.ToString(((IWritten)id.Value).Json, CultureInfo.InvariantCulture)! : first;

    /// <summary>What is written in the cells of a heat map.</summary>
    public static Fields CellNotes(IEnumerable<IEnumerable<string>> rows) => Fields.Of("annotations", (object[])[.. rows.SelectMany((row, y) => row.Select((text, x) =>
        Fields.Empty.Set("x", x).Set("y", y).Set("showarrow", false).Set("text", text)))]);

    public static GenericChart ToChart(this Fields trace, Optional<bool> useDefaults) => GenericChart.Of([trace], useDefaults.Or(true));
}

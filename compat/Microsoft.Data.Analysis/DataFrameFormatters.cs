using System.Net;
using System.Text;

namespace Microsoft.Data.Analysis;

/// <summary>How notebooks show a frame: as a table that needs no style sheet, numbers aligned at their point.</summary>
internal sealed class DataFrameFormatters
{
    /// <summary>Rows that are shown.</summary>
    private const int Most = 200;

    public static IEnumerable<object> CreateTypeFormatters() => [new Formatter("text/html", Html), new Formatter("text/plain", frame => frame.ToString())];

    private static string Html(DataFrame frame)
    {
        var html = new StringBuilder("<table style=\"border-collapse:collapse;font-variant-numeric:tabular-nums\"><thead><tr>");
        foreach (var column in frame.Columns)
        {
            Cell(html, "th", column, column.Name, "border-bottom:1px solid #9aa5b1");
        }

        html.Append("</tr></thead><tbody>");
        var columns = frame.Columns.Select(CellText.Of).ToArray();
        for (var row = 0; row < Math.Min(frame.Rows.Count, Most); row++)
        {
            html.Append("<tr>");
            for (var i = 0; i < columns.Length; i++)
            {
                Cell(html, "td", frame.Columns[i], columns[i][row], "");
            }

            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        return frame.Rows.Count > Most ? html.Append("<p><i>… ").Append(frame.Rows.Count - Most).Append(" more rows</i></p>").ToString() : html.ToString();
    }

    // The old attribute stands beside the style: some readers strip styles.
    private static void Cell(StringBuilder html, string name, DataFrameColumn column, string text, string style)
    {
        var side = column.IsNumericColumn() ? "right" : "left";
        html.Append($"<{name} align=\"{side}\" style=\"text-align:{side};padding:3px 10px;{style}\">{WebUtility.HtmlEncode(text)}</{name}>");
    }

    private sealed class Formatter(string mimeType, Func<DataFrame, string> text)
    {
        public string MimeType => mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not DataFrame frame)
            {
                return false;
            }

            writer.Write(text(frame));
            return true;
        }
    }
}

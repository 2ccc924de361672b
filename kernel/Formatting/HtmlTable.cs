using System.Collections;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Records, dictionaries and sequences of them as HTML tables that need no script and no style sheet.</summary>
internal static class HtmlTable
{
    /// <summary>A table of the value; null for values that plain text shows as well.</summary>
    public static string? TryFormat(object value)
    {
        if (Shape.IsScalar(value) || Shape.WritesItself(value.GetType()))
        {
            return null;
        }

        return value switch
        {
            Array { Rank: 2 } matrix => OfMatrix(matrix),
            Array { Rank: > 2 } => null,
            IDictionary dictionary => OfPairs(dictionary),
            IEnumerable items => OfSequence(items),
            ITuple => null,
            _ => OfMembers(value),
        };
    }

    /// <summary>A table from cells that are HTML already; numbers align to the right.</summary>
    public static string Of(IReadOnlyList<string>? headers, IEnumerable<IReadOnlyList<object?>> rows, string? note = null)
    {
        var html = new StringBuilder("<table>");
        if (headers is not null)
        {
            html.Append("<thead><tr>");
            foreach (var header in headers)
            {
                html.Append("<th style=\"text-align:left\">").Append(Encode(header)).Append("</th>");
            }

            html.Append("</tr></thead>");
        }

        html.Append("<tbody>");
        foreach (var row in rows)
        {
            html.Append("<tr>");
            foreach (var cell in row)
            {
                html.Append(IsNumber(cell) ? "<td style=\"text-align:right\">" : "<td style=\"text-align:left\">").Append(Cell(cell)).Append("</td>");
            }

            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        return note is null ? html.ToString() : html.Append("<p><i>").Append(Encode(note)).Append("</i></p>").ToString();
    }

    /// <summary>Text that keeps its line breaks and spaces.</summary>
    public static string Preformatted(string text) => $"<pre>{Encode(text)}</pre>";

    /// <summary>What a table leaves out, said below it.</summary>
    public static string? Note(IEnumerable items, int shown, bool more) =>
        !more ? null : PlainText.Remaining(items, shown) is { } count ? string.Create(CultureInfo.InvariantCulture, $"… {count:N0} more rows") : "… more rows";

    private static string OfMatrix(Array matrix)
    {
        var (rows, columns) = (Math.Min(matrix.GetLength(0), Formatter.ListExpansionLimit), Math.Min(matrix.GetLength(1), Formatter.ListExpansionLimit));
        var note = rows < matrix.GetLength(0) || columns < matrix.GetLength(1) ? $"… {matrix.GetLength(0)} × {matrix.GetLength(1)} in all" : null;
        return Of(null, Enumerable.Range(0, rows).Select(row => (IReadOnlyList<object?>)[.. Enumerable.Range(0, columns).Select(column => matrix.GetValue(row, column))]), note);
    }

    private static string OfPairs(IDictionary dictionary)
    {
        var rows = new List<IReadOnlyList<object?>>();
        for (var entries = dictionary.GetEnumerator(); rows.Count < Formatter.ListExpansionLimit && entries.MoveNext();)
        {
            rows.Add([entries.Key, entries.Value]);
        }

        return Of(["key", "value"], rows, Note(dictionary, Formatter.ListExpansionLimit, dictionary.Count > Formatter.ListExpansionLimit));
    }

    private static string? OfSequence(IEnumerable items)
    {
        var rows = items.Cast<object?>().Take(Formatter.ListExpansionLimit + 1).ToList();
        var more = rows.Count > Formatter.ListExpansionLimit;
        rows = more ? rows[..^1] : rows;
        if (rows.Count == 0 || rows.All(Shape.IsScalar))
        {
            return null;
        }

        var columns = Columns.Of(rows);
        return columns is null ? null : Of(columns.Names, rows.Select(columns.Cells), Note(items, rows.Count, more));
    }

    private static string? OfMembers(object value)
    {
        var members = Shape.MembersOf(value.GetType());
        return members.Count == 0 ? null : Of(["property", "value"], members.Select(member => (IReadOnlyList<object?>)[member.Name, member.ValueIn(value)]));
    }

    private static string Cell(object? value) => value is null or string
        ? Encode(PlainText.Of(value))
        : FormatterTable.TryFormat(value, MimeBundle.Html) ?? ConventionFormatters.TryFormat(value, MimeBundle.Html) ?? HtmlContent.TryFormat(value) ?? Encode(PlainText.Of(value));

    private static bool IsNumber(object? value) => value is not null && !value.GetType().IsEnum && Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}

using System.Collections;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Records, dictionaries and sequences of them as HTML tables that need no script and no style sheet.</summary>
internal static class HtmlTable
{
    /// <summary>
    /// Writes a value as a table, or as text where a table would show no more; inside another value always as text.
    /// </summary>
    public static void Write(object value, FormatContext context)
    {
        if (context.Depth > 1)
            context.Writer.Write(Encode(PlainText.Of(value)));
        else if (!TryWrite(value, context))
            context.Writer.Write(Preformatted(PlainText.Of(value)));
    }

    /// <summary>A table of values; numbers align to the right.</summary>
    public static void Write(
        FormatContext context, IReadOnlyList<string>? headers, IEnumerable<IReadOnlyList<object?>> rows, string? note = null)
    {
        var html = context.Writer;
        html.Write("<table>");
        if (headers is not null)
        {
            html.Write("<thead><tr>");
            foreach (var header in headers)
                html.Write($"<th style=\"text-align:left\">{Encode(header)}</th>");

            html.Write("</tr></thead>");
        }

        html.Write("<tbody>");
        foreach (var row in rows)
        {
            html.Write("<tr>");
            foreach (var cell in row)
            {
                html.Write(IsNumber(cell) ? "<td style=\"text-align:right\">" : "<td style=\"text-align:left\">");
                WriteCell(cell, context);
                html.Write("</td>");
            }

            html.Write("</tr>");
        }

        html.Write("</tbody></table>");
        html.Write(note is null ? "" : $"<p><i>{Encode(note)}</i></p>");
    }

    /// <summary>Text that keeps its line breaks and spaces.</summary>
    public static string Preformatted(string text) => $"<pre>{Encode(text)}</pre>";

    /// <summary>What a table leaves out, said below it.</summary>
    public static string? Note(IEnumerable items, int shown, bool more) =>
        !more ? null : PlainText.Remaining(items, shown) is { } count
            ? string.Create(CultureInfo.InvariantCulture, $"… {count:N0} more rows") : "… more rows";

    private static bool TryWrite(object value, FormatContext context) =>
        !Shape.IsScalar(value) && !Shape.WritesItself(value.GetType()) && value switch
        {
            Array { Rank: 2 } matrix => WriteMatrix(matrix, context),
            Array { Rank: > 2 } => false,
            IDictionary dictionary => WritePairs(dictionary, context),
            IEnumerable items => WriteSequence(items, context),
            ITuple => false,
            _ => WriteMembers(value, context),
        };

    private static bool WriteMatrix(Array matrix, FormatContext context)
    {
        var (rows, columns) = (matrix.GetLength(0), matrix.GetLength(1));
        var (shownRows, shownColumns) =
            (Math.Min(rows, Formatter.ListExpansionLimit), Math.Min(columns, Formatter.ListExpansionLimit));
        IReadOnlyList<object?> Row(int row) =>
            [.. Enumerable.Range(0, shownColumns).Select(column => matrix.GetValue(row, column))];
        var note = shownRows < rows || shownColumns < columns ? $"… {rows} × {columns} in all" : null;
        Write(context, null, Enumerable.Range(0, shownRows).Select(Row), note);
        return true;
    }

    private static bool WritePairs(IDictionary dictionary, FormatContext context)
    {
        var rows = new List<IReadOnlyList<object?>>();
        for (var entries = dictionary.GetEnumerator(); rows.Count < Formatter.ListExpansionLimit && entries.MoveNext();)
            rows.Add([entries.Key, entries.Value]);

        Write(context, ["key", "value"], rows, Note(dictionary, rows.Count, dictionary.Count > rows.Count));
        return true;
    }

    private static bool WriteSequence(IEnumerable items, FormatContext context)
    {
        var rows = items.Cast<object?>().Take(Formatter.ListExpansionLimit + 1).ToList();
        var more = rows.Count > Formatter.ListExpansionLimit;
        rows = more ? rows[..^1] : rows;
        if (rows.Count == 0 || rows.All(Shape.IsScalar) || Columns.Of(rows) is not { } columns)
            return false;

        Write(context, columns.Names, rows.Select(columns.Cells), Note(items, rows.Count, more));
        return true;
    }

    private static bool WriteMembers(object value, FormatContext context)
    {
        var members = Shape.MembersOf(value.GetType());
        if (members.Count == 0)
            return false;

        Write(context, ["property", "value"],
            members.Select(member => (IReadOnlyList<object?>)[member.Name, member.ValueIn(value)]));
        return true;
    }

    // Text is written as it is: the package's way with it is a block of its own, with a style sheet.
    private static void WriteCell(object? value, FormatContext context)
    {
        if (value is null or string)
            context.Writer.Write(Encode(PlainText.Of(value)));
        else
            value.FormatTo(context, KernelFormats.Html);
    }

    private static bool IsNumber(object? value) =>
        value is not null && !value.GetType().IsEnum
            && Type.GetTypeCode(value.GetType()) is >= TypeCode.SByte and <= TypeCode.Decimal;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}

using System.Collections;
using System.Globalization;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// Data frames of Microsoft.Data.Analysis as a table: all of a frame that is a table of results, the first rows of a longer one,
/// and nothing where a value is missing. Reached by reflection.
/// </summary>
internal static class DataFrames
{
    private const int Most = 100; // rows

    public static void Register(Type frame) =>
        KernelFormats.Add(frame, KernelFormats.Html, (value, context) => Write(value, context));

    private static void Write(object frame, FormatContext context)
    {
        var columns = ((IEnumerable)Get(frame, "Columns")!).Cast<object>().ToList();
        var shown = (int)Math.Min(
            Math.Max(Most, Formatter.ListExpansionLimit), columns.Count == 0 ? 0 : (long)Get(columns[0], "Length")!);
        var cells = columns.ConvertAll(
            column => ((IEnumerable)column).Cast<object?>().Take(shown).Select(value => value ?? "").ToList());
        var rows = Enumerable.Range(0, shown).Select(row => (IReadOnlyList<object?>)[.. cells.Select(column => column[row])]);
        var more = columns.Count == 0 ? 0 : (long)Get(columns[0], "Length")! - shown;
        var note = more > 0 ? string.Create(CultureInfo.InvariantCulture, $"… {more:N0} more rows") : null;
        HtmlTable.Write(context, [.. columns.Select(column => (string?)Get(column, "Name") ?? "")], rows, note);
    }

    private static object? Get(object owner, string property) => owner.GetType().GetProperty(property)?.GetValue(owner);
}

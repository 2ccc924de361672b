using System.Globalization;
using System.Text;

namespace Microsoft.Data.Analysis;

[TypeFormatterSource(typeof(DataFrameFormatters), PreferredMimeTypes = ["text/html", "text/plain"])]
public class DataFrame
{
    public DataFrame(params DataFrameColumn[] columns)
        : this((IEnumerable<DataFrameColumn>)columns)
    {
    }

    public DataFrame(IEnumerable<DataFrameColumn> columns)
    {
        Columns = new DataFrameColumnCollection(columns);
        Rows = new DataFrameRowCollection(this);
    }

    public DataFrameColumnCollection Columns { get; }

    public DataFrameRowCollection Rows { get; }

    public DataFrameColumn this[string columnName]
    {
        get => Columns[columnName];
        set => Columns[columnName] = value;
    }

    public object? this[long rowIndex, int columnIndex]
    {
        get => Columns[columnIndex][rowIndex];
        set => Columns[columnIndex][rowIndex] = value;
    }

    public DataFrame Head(int numberOfRows) => Taken([.. Numbers().Take(numberOfRows)]);

    public DataFrame OrderBy(string columnName, bool ascending = true, bool putNullValuesLast = true)
    {
        var column = Columns[columnName];
        var empty = Numbers().Where(row => column[row] is null);
        var full = Numbers().Where(row => column[row] is not null);
        var order = Comparer<long>.Create((a, b) => DataFrameColumn.Order(column[a], column[b]));
        var sorted = ascending ? full.Order(order) : full.OrderDescending(order);
        return Taken([.. putNullValuesLast ? sorted.Concat(empty) : empty.Concat(sorted)]);
    }

    public DataFrame OrderByDescending(string columnName, bool putNullValuesLast = true) => OrderBy(columnName, false, putNullValuesLast);

    public override string ToString()
    {
        var text = new StringBuilder();
        var cells = Columns.Select(column => (IReadOnlyList<string>)[column.Name, .. CellText.Of(column)]).ToArray();
        var widths = cells.Select(column => column.Max(cell => cell.Length)).ToArray();
        for (var row = 0; row <= Rows.Count; row++)
        {
            var line = cells.Select((column, i) => Columns[i].IsNumericColumn() ? column[row].PadLeft(widths[i]) : column[row].PadRight(widths[i]));
            text.AppendLine(CultureInfo.InvariantCulture, $"{string.Join("  ", line).TrimEnd()}");
        }

        return text.ToString();
    }

    internal DataFrame Taken(IReadOnlyList<long> rows) => new(Columns.Select(column => column.Taken(rows)));

    private IEnumerable<long> Numbers()
    {
        for (long row = 0; row < Rows.Count; row++)
        {
            yield return row;
        }
    }
}

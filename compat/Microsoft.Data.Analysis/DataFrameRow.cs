using System.Collections;

namespace Microsoft.Data.Analysis;

public class DataFrameRow : IEnumerable<object?>
{
    private readonly DataFrame frame;
    private readonly long row;

    internal DataFrameRow(DataFrame frame, long row) => (this.frame, this.row) = (frame, row);

    public object? this[int index]
    {
        get => frame.Columns[index][row];
        set => frame.Columns[index][row] = value;
    }

    public object? this[string columnName]
    {
        get => frame.Columns[columnName][row];
        set => frame.Columns[columnName][row] = value;
    }

    public IEnumerator<object?> GetEnumerator() => frame.Columns.Select(column => column[row]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

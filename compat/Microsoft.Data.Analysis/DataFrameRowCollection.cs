using System.Collections;

namespace Microsoft.Data.Analysis;

public class DataFrameRowCollection : IEnumerable<DataFrameRow>
{
    private readonly DataFrame frame;

    internal DataFrameRowCollection(DataFrame frame) => this.frame = frame;

    public long Count => frame.Columns.Count == 0 ? 0 : frame.Columns[0].Length;

    public DataFrameRow this[long index] => index >= 0 && index < Count
        ? new DataFrameRow(frame, index)
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"the frame has {Count} rows, counted from 0");

    public IEnumerator<DataFrameRow> GetEnumerator()
    {
        for (long row = 0; row < Count; row++)
        {
            yield return new DataFrameRow(frame, row);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

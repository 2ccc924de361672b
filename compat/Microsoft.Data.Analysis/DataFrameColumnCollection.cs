using System.Collections.ObjectModel;

namespace Microsoft.Data.Analysis;

public class DataFrameColumnCollection : Collection<DataFrameColumn>
{
    internal DataFrameColumnCollection(IEnumerable<DataFrameColumn> columns)
    {
        foreach (var column in columns)
        {
            Add(column);
        }
    }

    public DataFrameColumn this[string columnName]
    {
        get => IndexOf(columnName) is >= 0 and var index
            ? this[index]
            : throw new ArgumentException($"there is no column '{columnName}'; there are {string.Join(", ", this.Select(column => $"'{column.Name}'"))}", nameof(columnName));
        set
        {
            if (IndexOf(columnName) is >= 0 and var index)
            {
                this[index] = value;
            }
            else
            {
                Add(value);
            }
        }
    }

    public int IndexOf(string columnName)
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i].Name == columnName)
            {
                return i;
            }
        }

        return -1;
    }

    protected override void InsertItem(int columnIndex, DataFrameColumn column)
    {
        Check(column, -1);
        base.InsertItem(columnIndex, column);
    }

    protected override void SetItem(int columnIndex, DataFrameColumn column)
    {
        Check(column, columnIndex);
        base.SetItem(columnIndex, column);
    }

    /// <summary>Columns are equally long, and a name is there once.</summary>
    private void Check(DataFrameColumn column, int replaced)
    {
        ArgumentNullException.ThrowIfNull(column);
        for (var i = 0; i < Count; i++)
        {
            if (i != replaced && this[i].Length != column.Length)
            {
                throw new ArgumentException($"column '{column.Name}' has {column.Length} rows, but '{this[i].Name}' has {this[i].Length}", nameof(column));
            }

            if (i != replaced && this[i].Name == column.Name)
            {
                throw new ArgumentException($"there is a column '{column.Name}' already", nameof(column));
            }
        }
    }
}

using System.Collections;
using System.Globalization;

namespace Microsoft.Data.Analysis;

public abstract class DataFrameColumn : IEnumerable
{
    protected DataFrameColumn(string name, long length, Type type)
    {
        ArgumentNullException.ThrowIfNull(name);
        (Name, Length, DataType) = (name, length, type);
    }

    public string Name { get; }

    public long Length { get; protected set; }

    public Type DataType { get; }

    public object? this[long rowIndex]
    {
        get => GetValue(Checked(rowIndex));
        set => SetValue(Checked(rowIndex), value);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumeratorCore();

    public virtual bool IsNumericColumn() => false;

    public virtual double Mean() => throw new NotSupportedException($"column '{Name}' holds {DataType.Name}, which has no mean");

    protected abstract object? GetValue(long rowIndex);

    protected abstract void SetValue(long rowIndex, object? value);

    protected abstract IEnumerator GetEnumeratorCore();

    /// <summary>A column of the same name and type that holds the given rows of this one.</summary>
    internal abstract DataFrameColumn Taken(IReadOnlyList<long> rows);

    /// <summary>The order of two values of a column; nothing comes last.</summary>
    internal static int Order(object? a, object? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        (string x, string y) => string.CompareOrdinal(x, y),
        _ when a.GetType() == b.GetType() => Comparer.DefaultInvariant.Compare(a, b),
        _ => Convert.ToDouble(a, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(b, CultureInfo.InvariantCulture)),
    };

    private long Checked(long row) => row >= 0 && row < Length
        ? row
        : throw new ArgumentOutOfRangeException(nameof(row), row, $"column '{Name}' has {Length} rows, counted from 0");
}

using System.Collections;
using System.Globalization;

namespace Microsoft.Data.Analysis;

public class PrimitiveDataFrameColumn<T> : DataFrameColumn, IEnumerable<T?>
    where T : unmanaged
{
    private readonly List<T?> values;

    public PrimitiveDataFrameColumn(string name, IEnumerable<T?> values)
        : base(name, 0, typeof(T))
    {
        this.values = [.. values];
        Length = this.values.Count;
    }

    public PrimitiveDataFrameColumn(string name, IEnumerable<T> values)
        : this(name, values.Select(value => (T?)value))
    {
    }

    public new T? this[long rowIndex]
    {
        get => (T?)base[rowIndex];
        set => base[rowIndex] = value;
    }

    public IEnumerator<T?> GetEnumerator() => values.GetEnumerator();

    public override bool IsNumericColumn() => typeof(T) != typeof(bool) && typeof(T) != typeof(char) && typeof(T) != typeof(DateTime);

    public override double Mean() => IsNumericColumn()
        ? values.Where(value => value.HasValue).Select(value => Convert.ToDouble(value!.Value, CultureInfo.InvariantCulture)).DefaultIfEmpty(double.NaN).Average()
        : base.Mean();

    protected override object? GetValue(long rowIndex) => values[(int)rowIndex];

    protected override void SetValue(long rowIndex, object? value) => values[(int)rowIndex] = value switch
    {
        null => null,
        T own => own,
        _ => (T)Convert.ChangeType(value, typeof(T), CultureInfo.InvariantCulture),
    };

    protected override IEnumerator GetEnumeratorCore() => GetEnumerator();

    internal override DataFrameColumn Taken(IReadOnlyList<long> rows) => new PrimitiveDataFrameColumn<T>(Name, rows.Select(row => values[(int)row]));
}

using System.Collections;

namespace Microsoft.Data.Analysis;

public class StringDataFrameColumn : DataFrameColumn, IEnumerable<string?>
{
    private readonly List<string?> values;

    public StringDataFrameColumn(string name, IEnumerable<string?> values)
        : base(name, 0, typeof(string))
    {
        this.values = [.. values];
        Length = this.values.Count;
    }

    public new string? this[long rowIndex]
    {
        get => (string?)base[rowIndex];
        set => base[rowIndex] = value;
    }

    public IEnumerator<string?> GetEnumerator() => values.GetEnumerator();

    protected override object? GetValue(long rowIndex) => values[(int)rowIndex];

    protected override void SetValue(long rowIndex, object? value) => values[(int)rowIndex] = value as string ?? value?.ToString();

    protected override IEnumerator GetEnumeratorCore() => GetEnumerator();

    internal override DataFrameColumn Taken(IReadOnlyList<long> rows) => new StringDataFrameColumn(Name, rows.Select(row => values[(int)row]));
}

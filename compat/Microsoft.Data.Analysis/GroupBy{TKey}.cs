using System.Globalization;

namespace Microsoft.Data.Analysis;

public class GroupBy<TKey> : GroupBy
    where TKey : notnull
{
    private readonly DataFrame frame;
    private readonly string key;
    private readonly List<List<long>> groups = [];

    internal GroupBy(DataFrame frame, string key)
    {
        (this.frame, this.key) = (frame, key);
        var column = frame.Columns[key];
        var places = new Dictionary<object, List<long>>();
        for (long row = 0; row < column.Length; row++)
        {
            // Rows without a key belong to no group.
            if (column[row] is not { } value)
            {
                continue;
            }

            if (!places.TryGetValue(value, out var group))
            {
                places.Add(value, group = []);
                groups.Add(group);
            }

            group.Add(row);
        }
    }

    public override DataFrame Count(params string[] columnNames) => Reduced(Others(columnNames, numeric: false), values => values.Count, value => (long)value);

    public override DataFrame Mean(params string[] columnNames) => Reduced(Others(columnNames, numeric: true), values => values.DefaultIfEmpty(double.NaN).Average(), value => value);

    public override DataFrame Min(params string[] columnNames) => Reduced(Others(columnNames, numeric: true), values => values.DefaultIfEmpty(double.NaN).Min(), value => value);

    public override DataFrame Max(params string[] columnNames) => Reduced(Others(columnNames, numeric: true), values => values.DefaultIfEmpty(double.NaN).Max(), value => value);

    private IEnumerable<DataFrameColumn> Others(string[] names, bool numeric) => names.Length > 0
        ? names.Select(name => frame.Columns[name])
        : frame.Columns.Where(column => column.Name != key && (!numeric || column.IsNumericColumn()));

    private DataFrame Reduced<TResult>(IEnumerable<DataFrameColumn> columns, Func<IReadOnlyList<double>, double> reduce, Func<double, TResult> result)
        where TResult : unmanaged
    {
        var reduced = columns.Select(column => (DataFrameColumn)new PrimitiveDataFrameColumn<TResult>(column.Name, groups.Select(rows => result(reduce(Values(column, rows))))));
        return new DataFrame(reduced.Prepend(frame.Columns[key].Taken([.. groups.Select(rows => rows[0])])));
    }

    private static double[] Values(DataFrameColumn column, List<long> rows) =>
        [.. rows.Select(row => column[row]).Where(value => value is not null).Select(value => column.IsNumericColumn() ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : 1)];
}

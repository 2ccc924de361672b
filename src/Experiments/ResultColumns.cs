using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>A table that is given its columns one by one; see <see cref="ResultTable"/>.</summary>
public sealed class ResultColumns<T>
{
    private readonly IReadOnlyList<T> results;
    private readonly List<DataFrameColumn> columns = [];

    internal ResultColumns(IReadOnlyList<T> results) => this.results = results;

    /// <summary>Adds a column of words.</summary>
    public ResultColumns<T> Text(string name, Func<T, string> value)
    {
        columns.Add(new StringDataFrameColumn(name, results.Select(value)));
        return this;
    }

    /// <summary>Adds a column of numbers, rounded; null stays empty.</summary>
    public ResultColumns<T> Number(string name, Func<T, double?> value, int digits = 1)
    {
        columns.Add(new PrimitiveDataFrameColumn<double>(name, results.Select(result => value(result) is { } number ? Math.Round(number, digits) + 0.0 : (double?)null))); // + 0.0: no "−0.0"
        return this;
    }

    /// <summary>Adds a column of whole numbers.</summary>
    public ResultColumns<T> Count(string name, Func<T, int> value)
    {
        columns.Add(new PrimitiveDataFrameColumn<int>(name, results.Select(value)));
        return this;
    }

    /// <summary>The table.</summary>
    public DataFrame ToFrame() => new(columns);
}

using Plotly.NET;
using Plotly.NET.CSharp;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Figures;

/// <summary>One colour of a column chart.</summary>
/// <param name="Name">What the legend calls it: a method, which has its colour in every figure, and after a comma what else is to
/// be said. What ends with ", paper" is hatched: a paper printed it.</param>
/// <param name="Values">A number for each group; not a number where there is none.</param>
/// <param name="Deviations">Half the length of each error bar; null for none.</param>
public sealed record ColumnSeries(string Name, IEnumerable<double> Values, IEnumerable<double>? Deviations = null);

/// <summary>Columns side by side in groups: losses by method and ratio, ours and those that the paper prints.</summary>
public static class ColumnChart
{
    /// <summary>A chart of columns from zero.</summary>
    /// <param name="title">What the chart is called.</param>
    /// <param name="score">What the columns count.</param>
    /// <param name="groups">The groups' names, from left to right.</param>
    /// <param name="series">The columns of each group.</param>
    public static GenericChart Of(
        string title, string score, IReadOnlyList<string> groups, params IReadOnlyList<ColumnSeries> series) =>
        Chart.Combine(series.Select(one =>
        {
            var columns = Chart.Column<double, string, string>(values: one.Values, Keys: groups.ToArray(), Name: one.Name);
            return one.Deviations is null ? columns : columns.WithYErrorStyle(one.Deviations);
        })).WithTitle(title).WithAxisTitles(y: score).WithSize(880, 440);
}

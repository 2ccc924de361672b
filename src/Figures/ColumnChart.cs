using Madtp.Kit.Experiments;
using Madtp.Kit.Madtp;
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
    /// <param name="score">What the columns count.</param>
    public static GenericChart Of(
        string title, string score, IReadOnlyList<string> groups, params IReadOnlyList<ColumnSeries> series) =>
        Chart.Combine(series.Select(one =>
        {
            var columns = Chart.Column<double, string, string>(values: one.Values, Keys: groups.ToArray(), Name: one.Name);
            return one.Deviations is null ? columns : columns.WithYErrorStyle(one.Deviations);
        })).WithTitle(title).WithAxisTitles(y: score).WithSize(880, 440);
}

/// <summary>Tables 5 and 6: what is lost in the mean of both recalls at 1, in the paper and here.</summary>
public static class RecallChart
{
    private const string Axis = "points of mean recall@1";

    /// <summary>The paper's losses, on both data sets.</summary>
    public static GenericChart Published(int number)
    {
        var table = PaperTable.Of(number, ExperimentScale.Paper);
        (string Dataset, double Ratio)[] groups =
            [.. from name in new[] { "COCO", "Flickr30K" } from ratio in table.Ratios select (name, ratio)];
        return ColumnChart.Of(
            $"The paper's Table {number}: what is lost in mean recall@1",
            Axis,
            [.. groups.Select(group => FormattableString.Invariant($"{group.Dataset}, reduce {group.Ratio}"))],
            [.. Printed(table).Select(method => new ColumnSeries(
                $"{method}, paper", groups.Select(group => Loss(table, group.Dataset, method, group.Ratio))))]);
    }

    /// <summary>Our losses with the deviation of their seeds, and the paper's on COCO beside them.</summary>
    /// <param name="groups">Our results of its grid; of its tasks the last one, COCO or the toy's, is drawn.</param>
    public static GenericChart Of(PaperTable table, SeedGroups groups)
    {
        var task = table.Tasks[^1];
        var plain = groups[task with { Method = Methods.Uncompressed }];
        SeedGroup Ours(string method, double ratio) => groups[task with { Method = method, ReduceRatio = ratio }];
        return ColumnChart.Of(
            $"What is lost in mean recall@1: {Scale.Label} (mean and deviation of {plain.Test.Count}), paper on COCO",
            Axis,
            [.. table.Ratios.Select(ratio => FormattableString.Invariant($"reduce {ratio}"))],
            [
                .. table.Approaches.Select(method => new ColumnSeries(
                    $"{method}, {Scale.Label}",
                    table.Ratios.Select(ratio => Ours(method, ratio).Against(plain).Points),
                    table.Ratios.Select(ratio => 100 * Ours(method, ratio).Test.Deviation))),
                .. Printed(table).Select(method => new ColumnSeries(
                    $"{method}, paper", table.Ratios.Select(ratio => Loss(table, "COCO", method, ratio)))),
            ]);
    }

    private static IEnumerable<string> Printed(PaperTable table) => table.Rows.Select(row => row.Text("approach")).Distinct()
        .Where(method => method != Methods.Uncompressed).OrderBy(method => method != "MADTP");

    private static double Loss(PaperTable table, string dataset, string method, double ratio) =>
        RecallTable.MeanAtOne(table, dataset, method, ratio)!.Value
        - RecallTable.MeanAtOne(table, dataset, Methods.Uncompressed, null)!.Value;
}

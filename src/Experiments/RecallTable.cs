using System.Globalization;
using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>Recall at 1, 5 and 10 in both directions, as the paper's Tables 5 and 6 print it: ours, and the paper's.</summary>
public static class RecallTable
{
    private static readonly (string Score, string Column, string Title)[] Recalls =
    [
        ("text at 1", "i2t_r1", "image→text R@1"), ("text at 5", "i2t_r5", "image→text R@5"), ("text at 10", "i2t_r10", "image→text R@10"),
        ("image at 1", "t2i_r1", "text→image R@1"), ("image at 5", "t2i_r5", "text→image R@5"), ("image at 10", "t2i_r10", "text→image R@10"),
    ];

    /// <summary>Our runs, a row for each group, per cent.</summary>
    public static DataFrame Ours(IEnumerable<SeedGroup> groups)
    {
        SeedGroup[] rows = [.. groups];
        return Frame(
            [.. rows.Select(row => row.Experiment.Method)],
            [.. rows.Select(row => row.Experiment.ReduceRatio is var ratio and > 0 ? Ratio(ratio) + (row.BudgetMet ? "" : " (not reached)") : "–")],
            recall => rows.Select(row => 100 * row.Scores[recall.Score].Mean),
            rows.Select(row => 100 * row.MacShare.Mean));
    }

    /// <summary>The paper's rows for a data set, per cent.</summary>
    /// <param name="table">Table 5 or 6.</param>
    /// <param name="dataset">"Flickr30K" or "COCO".</param>
    /// <exception cref="ArgumentException">The table has no such data set.</exception>
    public static DataFrame Paper(PaperTable table, string dataset)
    {
        ArgumentNullException.ThrowIfNull(table);
        PaperRow[] rows = [.. table.Rows.Where(row => row.Cells.TryGetValue("dataset", out var name) && Equals(name, dataset))];
        var dense = rows.Length > 0 ? rows[0].Number("gflops") : throw new ArgumentException($"the table of {table.Task} has no rows for '{dataset}'", nameof(dataset));
        return Frame(
            [.. rows.Select(row => row.Text("approach"))],
            [.. rows.Select(row => row.Number("ratio") is { } ratio ? Ratio(ratio) : "–")],
            recall => rows.Select(row => row.Number(recall.Column)!.Value),
            rows.Select(row => 100 * row.Number("gflops")!.Value / dense!.Value));
    }

    /// <summary>The paper's mean of both recalls at 1, per cent: what our test score of a retrieval task is.</summary>
    public static double MeanAtOne(PaperRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return (row.Number("i2t_r1")!.Value + row.Number("t2i_r1")!.Value) / 2;
    }

    private static DataFrame Frame(string[] approaches, string[] ratios, Func<(string Score, string Column, string Title), IEnumerable<double>> values, IEnumerable<double> macs) => new(
    [
        new StringDataFrameColumn("approach", approaches),
        new StringDataFrameColumn("reduce ratio", ratios),
        .. Recalls.Select(recall => (DataFrameColumn)Rounded(recall.Title, values(recall))),
        Rounded("MACs %", macs),
    ]);

    private static PrimitiveDataFrameColumn<double> Rounded(string name, IEnumerable<double> values) => new(name, values.Select(value => Math.Round(value, 1)));

    private static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}

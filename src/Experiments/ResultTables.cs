using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>A table of results: a row for each of them, a line of code for each column.</summary>
/// <example>
/// <code>
/// ResultTable.Of(results)
///     .Text("method", r => r.Experiment.Method)
///     .Number("test %", r => 100 * r.Test)
///     .ToFrame()
/// </code>
/// </example>
public sealed class ResultTable<T>
{
    private readonly IReadOnlyList<T> results;
    private readonly List<DataFrameColumn> columns = [];

    internal ResultTable(IEnumerable<T> results) => this.results = [.. results];

    /// <summary>Adds a column of words.</summary>
    public ResultTable<T> Text(string name, Func<T, string> value) => Add(new StringDataFrameColumn(name, results.Select(value)));

    /// <summary>Adds a column of numbers, rounded; null stays empty.</summary>
    public ResultTable<T> Number(string name, Func<T, double?> value, int digits = 1)
    {
        double? Rounded(T result) => value(result) is { } number ? Math.Round(number, digits) + 0.0 : null; // + 0.0: no "−0.0"
        return Add(new PrimitiveDataFrameColumn<double>(name, results.Select(Rounded)));
    }

    /// <summary>Adds the columns of our runs; Δ is the difference to the uncompressed model, in points. Toy and paper scores are
    /// not of the same task: what is compared is that difference, and the share of multiply-accumulates that is left.</summary>
    /// <param name="of">A row's runs; null where there are none.</param>
    /// <param name="plain">Our uncompressed model.</param>
    /// <param name="score">A single score, such as "CIDEr"; the test score if null.</param>
    public ResultTable<T> Ours(Func<T, SeedGroup?> of, SeedGroup plain, string? score = null) =>
        Number($"{Scale.Label} %", row => 100 * of(row)?.Score(score).Mean)
            .Number("±", row => 100 * of(row)?.Score(score).Deviation)
            .Number($"{Scale.Label} Δ", row => 100 * (of(row)?.Score(score).Mean - plain.Score(score).Mean))
            .Number($"{Scale.Label} MACs %", row => 100 * of(row)?.MacShare.Mean)
            .Text("budget", row => of(row) is { Experiment.ReduceRatio: > 0 } ours ? ours.BudgetMet ? "met" : "not met" : "–");

    /// <summary>Adds the columns of the paper.</summary>
    /// <param name="of">A row's row in the paper; null where it has none.</param>
    /// <param name="plain">Its uncompressed model.</param>
    /// <param name="score">Its column of scores, in per cent.</param>
    /// <param name="macs">Its column of multiply-accumulates, 10⁹.</param>
    public ResultTable<T> Paper(Func<T, PaperRow?> of, PaperRow plain, string score = "test_acc", string macs = "gflops") =>
        Number("paper %", row => of(row)?.Number(score), 2)
            .Number("paper Δ", row => of(row)?.Number(score) - plain.Number(score), 2)
            .Number("paper MACs %", row => 100 * of(row)?.Number(macs) / plain.Number(macs));

    /// <summary>The table.</summary>
    public DataFrame ToFrame() => new(columns);

    private ResultTable<T> Add(DataFrameColumn column)
    {
        columns.Add(column);
        return this;
    }
}

/// <summary>Tables of results.</summary>
public static class ResultTable
{
    /// <summary>A table of these results, without columns yet.</summary>
    public static ResultTable<T> Of<T>(IEnumerable<T> results) => new(results);

    /// <summary>Who is ahead, a row for each pair of methods; differences in points of the score. A verdict is given only where
    /// their multiply-accumulates differ by less than a point of the plain model's, and only where the seeds can tell.</summary>
    /// <param name="score">The single score that is compared, such as "CIDEr"; the test score if null.</param>
    /// <param name="name">What a group is called; its method's name if null.</param>
    /// <param name="published">The paper's difference of two groups, in points, null where it has none; no such column if
    /// null.</param>
    public static DataFrame Verdicts(
        IEnumerable<(SeedGroup First, SeedGroup Second)> pairs, string? score = null, Func<SeedGroup, string>? name = null,
        Func<SeedGroup, SeedGroup, double?>? published = null)
    {
        name ??= group => group.Experiment.Method;
        var table = Of(pairs.Select(pair => (pair.First, pair.Second, Gap: pair.First.Against(pair.Second, score),
                Published: published?.Invoke(pair.First, pair.Second))))
            .Text("compared", line => $"{name(line.First)} − {name(line.Second)}")
            .Number("reduce ratio", line => line.First.Experiment.ReduceRatio, 2)
            .Number("points", line => line.Gap.Points)
            .Number("± two standard errors", line => line.Gap.Error)
            .Number("MACs % of the first", line => 100 * line.First.MacShare.Mean)
            .Number("of the second", line => 100 * line.Second.MacShare.Mean);
        return (published is null ? table : table.Number("paper's points", line => line.Published, 2))
            .Text("verdict", line => line.Gap.Verdict(name(line.First), name(line.Second))
                + (!line.Gap.IsClear || line.Published is not { } points ? ""
                    : Math.Sign(points) == Math.Sign(line.Gap.Points) ? ", as in the paper" : ", against the paper"))
            .ToFrame();
    }
}

/// <summary>Tables 5 and 6: recall at 1, 5 and 10 in both directions, ours and the paper's.</summary>
public static class RecallTable
{
    private static readonly (string Score, string Column, string Title)[] Recalls =
    [
        .. new[] { 1, 5, 10 }.Select(k => ($"text at {k}", $"i2t_r{k}", $"image→text R@{k}")),
        .. new[] { 1, 5, 10 }.Select(k => ($"image at {k}", $"t2i_r{k}", $"text→image R@{k}")),
    ];

    /// <summary>All tables: ours of each task, then the paper's of each data set, with what to write above them.</summary>
    public static IEnumerable<(string Title, DataFrame Table)> All(PaperTable table, SeedGroups groups) =>
    [
        .. table.Tasks.Select(task => (
            $"Ours, {Scale.Label}: {task.Task} (mean of {groups[0].Test.Count})",
            Ours(groups.Where(group => group.Experiment.Task == task.Task)))),
        .. table.Rows.Select(row => row.Text("dataset")).Distinct().Select(name => ($"Paper, {name}", Paper(table, name))),
    ];

    /// <summary>MADTP against the others at each ratio, in the mean of both recalls at 1, beside the paper's on COCO.</summary>
    /// <param name="groups">Our results of its grid; of its tasks the last one, COCO or the toy's, is compared.</param>
    public static DataFrame Verdicts(PaperTable table, SeedGroups groups)
    {
        SeedGroup Of(string method, double ratio) => groups[table.Tasks[^1] with { Method = method, ReduceRatio = ratio }];
        double? Published(SeedGroup of) => MeanAtOne(table, "COCO", of.Experiment.Method, of.Experiment.ReduceRatio);
        return ResultTable.Verdicts(
            from ratio in table.Ratios
            from method in table.Approaches
            where method != "MADTP"
            select (Of("MADTP", ratio), Of(method, ratio)),
            published: (first, second) => Published(first) - Published(second));
    }

    /// <summary>The paper's mean of both recalls at 1, per cent, which is our test score of a retrieval task; null where it has
    /// no such row.</summary>
    /// <param name="dataset">"Flickr30K" or "COCO".</param>
    /// <param name="ratio">The reduce ratio; null for the uncompressed model.</param>
    public static double? MeanAtOne(PaperTable table, string dataset, string method, double? ratio) =>
        table.Row(("dataset", dataset), ("approach", method), ("ratio", ratio)) is { } row
            ? (row.Number("i2t_r1") + row.Number("t2i_r1")) / 2 : null;

    // Per cent.
    internal static DataFrame Ours(IEnumerable<SeedGroup> groups) => Frame(groups.Select(group => (
        group.Experiment.Method,
        group.Experiment.ReduceRatio,
        group is { BudgetMet: false, Experiment.ReduceRatio: > 0 } ? " (not reached)" : "",
        Recalls.Select(recall => 100 * group.Scores[recall.Score].Mean).ToArray(),
        100 * group.MacShare.Mean)));

    internal static DataFrame Paper(PaperTable table, string dataset)
    {
        PaperRow[] rows = [.. table.Rows.Where(row => row.Text("dataset") == dataset)];
        return Frame(rows.Select(row => (
            row.Text("approach"), row.Number("ratio") ?? 0, "",
            Recalls.Select(recall => row.Number(recall.Column)!.Value).ToArray(),
            100 * row.Number("gflops")!.Value / rows[0].Number("gflops")!.Value)));
    }

    private static DataFrame Frame(
        IEnumerable<(string Approach, double Ratio, string Reached, double[] Recalls, double Macs)> rows) =>
        Recalls.Index().Aggregate(
            ResultTable.Of(rows).Text("approach", row => row.Approach).Text("reduce ratio", row =>
                (row.Ratio > 0 ? row.Ratio.ToString("0.00", CultureInfo.InvariantCulture) : "–") + row.Reached),
            (table, recall) => table.Number(recall.Item.Title, row => row.Recalls[recall.Index]))
            .Number("MACs %", row => row.Macs).ToFrame();
}

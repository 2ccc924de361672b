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

    /// <summary>Adds a column of whole numbers.</summary>
    public ResultTable<T> Count(string name, Func<T, int> value) =>
        Add(new PrimitiveDataFrameColumn<int>(name, results.Select(value)));

    /// <summary>The table.</summary>
    public DataFrame ToFrame() => new(columns);

    private ResultTable<T> Add(DataFrameColumn column)
    {
        columns.Add(column);
        return this;
    }
}

/// <summary>Begins a <see cref="ResultTable{T}"/>.</summary>
public static class ResultTable
{
    /// <summary>A table of these results, without columns yet.</summary>
    public static ResultTable<T> Of<T>(IEnumerable<T> results) => new(results);
}

/// <summary>Our rows beside the paper's. Toy and paper accuracies are not of the same task, so what is compared is the difference
/// to the uncompressed model of the same scale, and the share of multiply-accumulates that is left.</summary>
/// <param name="labels">Names of the first columns.</param>
/// <param name="plain">Our uncompressed model; <paramref name="paperPlain"/> is the paper's.</param>
public sealed class ComparisonTable(IReadOnlyList<string> labels, SeedGroup plain, PaperRow paperPlain)
{
    private readonly List<(IReadOnlyList<string> Label, SeedGroup? Ours, PaperRow? Theirs)> lines = [];

    /// <summary>The single score of ours that is compared, such as "CIDEr"; null for the test score.</summary>
    public string? Score { get; init; }

    /// <summary>The paper's column of scores, in per cent.</summary>
    public string PaperScore { get; init; } = "test_acc";

    /// <summary>The paper's column of multiply-accumulates, 10⁹.</summary>
    public string PaperMacs { get; init; } = "gflops";

    /// <summary>Adds a row.</summary>
    /// <param name="ours">Our runs; null where there are none.</param>
    /// <param name="theirs">The paper's row; null where it has none.</param>
    /// <exception cref="ArgumentException">There are not as many texts as label columns.</exception>
    public ComparisonTable Row(IReadOnlyList<string> label, SeedGroup? ours, PaperRow? theirs)
    {
        Guard.Argument(label.Count == labels.Count,
            $"{label.Count} texts for {labels.Count} columns ({string.Join(", ", labels)})");
        lines.Add((label, ours, theirs));
        return this;
    }

    /// <summary>The table. Δ is the difference to the uncompressed model, in points.</summary>
    public DataFrame ToFrame()
    {
        var table = ResultTable.Of(lines);
        foreach (var (column, name) in labels.Index())
        {
            table.Text(name, line => line.Label[column]);
        }

        return table
            .Number($"{Scale.Label} %", line => 100 * Ours(line.Ours)?.Mean)
            .Number("±", line => 100 * Ours(line.Ours)?.Deviation)
            .Number($"{Scale.Label} Δ", line => 100 * (Ours(line.Ours)?.Mean - Ours(plain)!.Mean))
            .Number($"{Scale.Label} MACs %", line => 100 * line.Ours?.MacShare.Mean)
            .Text("budget", line => line.Ours is { Experiment.ReduceRatio: > 0 } ours ? ours.BudgetMet ? "met" : "not met" : "–")
            .Number("paper %", line => line.Theirs?.Number(PaperScore), 2)
            .Number("paper Δ", line => line.Theirs?.Number(PaperScore) - paperPlain.Number(PaperScore), 2)
            .Number("paper MACs %", line => 100 * line.Theirs?.Number(PaperMacs) / paperPlain.Number(PaperMacs))
            .ToFrame();
    }

    private Spread? Ours(SeedGroup? group) => Score is null ? group?.Test : group?.Scores[Score];
}

/// <summary>Who is ahead, a row for each pair of methods. A verdict is given only where their multiply-accumulates differ by less
/// than a point of the plain model's, and only where the seeds can tell.</summary>
public sealed class VerdictTable
{
    /// <summary>The single score that is compared, such as "CIDEr"; null for the test score.</summary>
    public string? Score { get; init; }

    /// <summary>What a group is called; its method's name unless given.</summary>
    public Func<SeedGroup, string> Name { get; init; } = group => group.Experiment.Method;

    /// <summary>The paper's difference of two groups, in points, null where it has none; no such column if null.</summary>
    public Func<SeedGroup, SeedGroup, double?>? Published { get; init; }

    /// <summary>The table; differences in points of the score.</summary>
    public DataFrame ToFrame(IEnumerable<(SeedGroup First, SeedGroup Second)> pairs)
    {
        var table = ResultTable.Of(pairs.Select(pair => (pair.First, pair.Second, Gap: pair.First.Against(pair.Second, Score))))
            .Text("compared", line => $"{Name(line.First)} − {Name(line.Second)}")
            .Number("reduce ratio", line => line.First.Experiment.ReduceRatio, 2)
            .Number("points", line => line.Gap.Points)
            .Number("± two standard errors", line => line.Gap.Error)
            .Number("MACs % of the first", line => 100 * line.First.MacShare.Mean)
            .Number("of the second", line => 100 * line.Second.MacShare.Mean);
        if (Published is not null)
        {
            table.Number("paper's points", line => Published(line.First, line.Second), 2);
        }

        return table.Text("verdict", line => Verdict(line.First, line.Second, line.Gap)).ToFrame();
    }

    private string Verdict(SeedGroup first, SeedGroup second, SeedGap gap)
    {
        var said = gap.Verdict(Name(first), Name(second));
        return !gap.IsClear || Published?.Invoke(first, second) is not { } points ? said
            : said + (Math.Sign(points) == Math.Sign(gap.Points) ? ", as in the paper" : ", against the paper");
    }
}

/// <summary>Recall at 1, 5 and 10 in both directions, as the paper's Tables 5 and 6 print it: ours, and the paper's.</summary>
public static class RecallTable
{
    private static readonly (string Score, string Column, string Title)[] Recalls =
    [
        .. new[] { 1, 5, 10 }.Select(k => ($"text at {k}", $"i2t_r{k}", $"image→text R@{k}")),
        .. new[] { 1, 5, 10 }.Select(k => ($"image at {k}", $"t2i_r{k}", $"text→image R@{k}")),
    ];

    /// <summary>Our runs, a row for each group, per cent.</summary>
    public static DataFrame Ours(IEnumerable<SeedGroup> groups) => Frame(groups.Select(group => (
        group.Experiment.Method,
        group.Experiment.ReduceRatio,
        group is { BudgetMet: false, Experiment.ReduceRatio: > 0 } ? " (not reached)" : "",
        Recalls.Select(recall => 100 * group.Scores[recall.Score].Mean).ToArray(),
        100 * group.MacShare.Mean)));

    /// <summary>The paper's rows for a data set, per cent.</summary>
    /// <param name="dataset">"Flickr30K" or "COCO".</param>
    /// <exception cref="ArgumentException">The table has no such data set.</exception>
    public static DataFrame Paper(PaperTable table, string dataset)
    {
        PaperRow[] rows = [.. table.Rows.Where(row => row.Cells.TryGetValue("dataset", out var name) && Equals(name, dataset))];
        var dense = rows.Length > 0
            ? rows[0].Number("gflops")!.Value
            : throw new ArgumentException($"the table of {table.Task} has no rows for '{dataset}'", nameof(dataset));
        return Frame(rows.Select(row => (
            row.Text("approach"), row.Number("ratio") ?? 0, "",
            Recalls.Select(recall => row.Number(recall.Column)!.Value).ToArray(), 100 * row.Number("gflops")!.Value / dense)));
    }

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
        return new VerdictTable { Published = (first, second) => Published(first) - Published(second) }.ToFrame(
            from ratio in table.Ratios
            from method in table.Approaches
            where method != "MADTP"
            select (Of("MADTP", ratio), Of(method, ratio)));
    }

    /// <summary>What the paper's row says for the mean of both recalls at 1, per cent; null where it has no such row.</summary>
    /// <param name="dataset">"Flickr30K" or "COCO".</param>
    /// <param name="ratio">The reduce ratio; null for the uncompressed model.</param>
    public static double? MeanAtOne(PaperTable table, string dataset, string method, double? ratio) =>
        table.Row(("dataset", dataset), ("approach", method), ("ratio", ratio)) is { } row ? MeanAtOne(row) : null;

    /// <summary>The paper's mean of both recalls at 1, per cent: what our test score of a retrieval task is.</summary>
    public static double MeanAtOne(PaperRow row) => (row.Number("i2t_r1")!.Value + row.Number("t2i_r1")!.Value) / 2;

    private static DataFrame Frame(
        IEnumerable<(string Approach, double Ratio, string Reached, double[] Recalls, double Macs)> rows)
    {
        var table = ResultTable.Of(rows).Text("approach", row => row.Approach).Text("reduce ratio", row =>
            (row.Ratio > 0 ? row.Ratio.ToString("0.00", CultureInfo.InvariantCulture) : "–") + row.Reached);
        foreach (var (place, (_, _, title)) in Recalls.Index())
        {
            table.Number(title, row => row.Recalls[place]);
        }

        return table.Number("MACs %", row => row.Macs).ToFrame();
    }
}

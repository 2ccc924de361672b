using System.Text.Json;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Experiments;
using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class PaperTableTests
{
    [Fact]
    public void The_headline_number_is_there()
    {
        var row = PaperTable.Of(2).Row(("approach", "MADTP"), ("ratio", 0.5))!;
        Assert.Equal((82.85, 66.16), (row.Number("test_acc"), row.Number("gflops")));
        Assert.Null(PaperTable.Of(2).Row(("approach", "Uncompressed"))!.Number("ratio"));
    }

    [Fact]
    public void Every_number_is_the_specifications()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(KitPaths.Shared("spec", "paper-tables.json")));
        for (var number = 2; number <= 7; number++)
        {
            var wanted = json.RootElement.GetProperty($"table{number}");
            var table = PaperTable.Of(number);
            Assert.Equal(wanted.GetProperty("columns").EnumerateArray().Select(c => c.GetString()), table.Columns);
            var rows = wanted.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(Value).ToArray()).ToArray();
            Assert.Equal(rows, table.Rows.Select(row => table.Columns.Select(column => row.Cells[column]).ToArray()));
        }
    }

    [Fact]
    public void Tables_without_results_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => PaperTable.Of(1));

    public static TheoryData<int> Numbers() => [.. PaperTable.Numbers];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Both_scales_run_the_same_tables(int number)
    {
        var (toy, paper) = (PaperTable.Of(number, ExperimentScale.Toy).Grid.Experiments, PaperTable.Of(number, ExperimentScale.Paper).Grid.Experiments);
        Assert.All(toy, experiment => Assert.Equal(new Experiment(), experiment with { Task = "toy-nlvr2", Method = "MADTP", ReduceRatio = 0, Seed = 1, LearnableTokens = 64, AlignmentWidth = 64 }));
        Assert.All(paper, experiment =>
        {
            var usual = ExperimentTask.Of(experiment.Task).Default;
            Assert.True(ExperimentTask.Of(experiment.Task).IsPaper);
            Assert.Equal(usual, experiment with { Method = usual.Method, ReduceRatio = 0, Seed = 1, LearnableTokens = 100, AlignmentWidth = 768 });
        });
        Assert.Equal(toy.Select(e => e.Method).Distinct(), paper.Select(e => e.Method).Distinct());
        Assert.Superset(toy.Select(e => e.ReduceRatio).ToHashSet(), paper.Select(e => e.ReduceRatio).ToHashSet());
        Assert.Equal([1L, 2L, 3L], toy.Select(e => e.Seed).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_rival_registered_for_every_table_is_run_in_each_beside_the_papers(int number)
    {
        var rival = new Method("mine", Methods.Of("STP").Pruning) { InEveryTable = true, About = "a rival of one's own" };
        foreach (var scale in new[] { ExperimentScale.Toy, ExperimentScale.Paper })
        {
            var (papers, all) = (PaperTable.Of(number, scale), PaperTable.Of(number, scale, [.. Methods.Rivals, rival]));
            var mine = all.Grid.Experiments.Where(experiment => experiment.Method == "mine").ToArray();
            Assert.Equal([.. papers.Approaches, "mine"], all.Approaches);
            Assert.Equal(papers.Grid.Experiments, all.Grid.Experiments.Except(mine));
            Assert.Equal(papers.Tasks.Select(task => task.Task).Order(), mine.Select(experiment => experiment.Task).Distinct().Order());
            Assert.Equal(papers.Ratios, mine.Select(experiment => experiment.ReduceRatio).Distinct().Order());
        }
    }

    // Its tables' rows are what the paper's scale must be able to run: each ratio, K, d_k and data set that is printed.
    [Fact]
    public void The_papers_rows_are_in_its_grids()
    {
        var table2 = PaperTable.Of(2, ExperimentScale.Paper).Grid.Experiments;
        Assert.All(PaperTable.Of(2).Rows.Where(row => row.Cells["ratio"] is not null), row =>
            Assert.Contains(table2, e => e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"])));
        var table4 = PaperTable.Of(4, ExperimentScale.Paper).Grid.Experiments;
        Assert.All(PaperTable.Of(4).Rows, row => Assert.Contains(table4, e => (string)row.Cells["parameter"]! switch
        {
            "K" => Equals((double)e.LearnableTokens, row.Cells["value"]),
            "d_k" => Equals((double)e.AlignmentWidth, row.Cells["value"]),
            _ => Equals(e.Method, row.Cells["value"]),
        }));
        foreach (var (number, subject) in new[] { (5, "clip"), (6, "retrieval") })
        {
            var grid = PaperTable.Of(number, ExperimentScale.Paper).Grid.Experiments;
            Assert.All(PaperTable.Of(number).Rows.Where(row => row.Cells["ratio"] is not null), row => Assert.Contains(grid, e =>
                e.Task == (Equals(row.Cells["dataset"], "COCO") ? subject : $"{subject}-flickr30k") && e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"])));
        }

        var table7 = PaperTable.Of(7, ExperimentScale.Paper).Grid.Experiments;
        Assert.All(PaperTable.Of(7).Rows.Where(row => row.Cells["ratio"] is not null), row => Assert.All(new[] { "caption", "vqa" }, task =>
            Assert.Contains(table7, e => e.Task == task && e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"]))));
    }

    private static object? Value(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => cell.GetDouble(),
        _ => cell.GetString(),
    };

    [Fact]
    public void The_world_with_decoys_is_asked_at_every_ratio_of_the_paper()
    {
        var ratios = PaperTable.Of(2).Rows.Where(row => row.Text("approach") == "MADTP").Select(row => row.Number("ratio")!.Value);
        Assert.Equal(ratios, PaperTable.DecoyRatios);
        var grid = Grid.Open("table2-decoys").Experiments;
        Assert.Equal(3 * (1 + (5 * Methods.Rivals.Count)), grid.Count);
        Assert.Equal([144, 48, 24, 24, 24], PaperTable.DecoyRatios.Select(ratio => PaperTable.Decoy("MADTP", ratio).LearnableTokens));
        Assert.Equal([24, 24, 24, 24, 24], PaperTable.DecoyRatios.Select(ratio => PaperTable.Decoy("ToMe", ratio).LearnableTokens));
        Assert.Equal(12000, PaperTable.Decoy(Methods.UPop, 0.5).TrainExamples);
        Assert.Contains(Question.All[4].Experiment(ThingKind.Object, "ToMe", 0.5, 2), grid); // the questions' runs serve here too
    }
}

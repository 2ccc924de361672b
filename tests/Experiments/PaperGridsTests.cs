using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class PaperGridsTests
{
    public static TheoryData<string> Names() => [.. PaperGrids.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_scales_run_the_same_tables(string name)
    {
        var (toy, paper) = (PaperGrids.Of(name, ExperimentScale.Toy).Experiments, PaperGrids.Of(name, ExperimentScale.Paper).Experiments);
        Assert.All(toy, experiment => Assert.Equal(new Experiment(), experiment with { Task = "toy-nlvr2", Method = "MADTP", ReduceRatio = 0, Seed = 1, LearnableTokens = 64, AlignmentWidth = 64 }));
        Assert.All(paper, experiment =>
        {
            var usual = ExperimentTasks.Of(experiment.Task).Usual;
            Assert.True(ExperimentTasks.Of(experiment.Task).TakesDays);
            Assert.Equal(usual, experiment with { Method = usual.Method, ReduceRatio = 0, Seed = 1, LearnableTokens = 100, AlignmentWidth = 768 });
        });
        Assert.Equal(toy.Select(e => e.Method).Distinct(), paper.Select(e => e.Method).Distinct());
        Assert.Superset(toy.Select(e => e.ReduceRatio).ToHashSet(), paper.Select(e => e.ReduceRatio).ToHashSet());
        Assert.Equal([1L, 2L, 3L], toy.Select(e => e.Seed).Distinct().Order());
    }

    // Its tables' rows are what the paper's scale must be able to run: each ratio, K, d_k and data set that is printed.
    [Fact]
    public void The_papers_rows_are_in_its_grids()
    {
        var table2 = PaperGrids.Of("table2", ExperimentScale.Paper).Experiments;
        Assert.All(PaperTable.Of(2).Rows.Where(row => row.Cells["ratio"] is not null), row =>
            Assert.Contains(table2, e => e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"])));
        var table4 = PaperGrids.Of("table4", ExperimentScale.Paper).Experiments;
        Assert.All(PaperTable.Of(4).Rows, row => Assert.Contains(table4, e => (string)row.Cells["parameter"]! switch
        {
            "K" => Equals((double)e.LearnableTokens, row.Cells["value"]),
            "d_k" => Equals((double)e.AlignmentWidth, row.Cells["value"]),
            _ => Equals(e.Method, row.Cells["value"]),
        }));
        foreach (var (number, subject) in new[] { (5, "clip"), (6, "retrieval") })
        {
            var grid = PaperGrids.Of($"table{number}", ExperimentScale.Paper).Experiments;
            Assert.All(PaperTable.Of(number).Rows.Where(row => row.Cells["ratio"] is not null), row => Assert.Contains(grid, e =>
                e.Task == (Equals(row.Cells["dataset"], "COCO") ? subject : $"{subject}-flickr30k") && e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"])));
        }

        var table7 = PaperGrids.Of("table7", ExperimentScale.Paper).Experiments;
        Assert.All(PaperTable.Of(7).Rows.Where(row => row.Cells["ratio"] is not null), row => Assert.All(new[] { "caption", "vqa" }, task =>
            Assert.Contains(table7, e => e.Task == task && e.Method == (string)row.Cells["approach"]! && Equals(e.ReduceRatio, row.Cells["ratio"]))));
    }
}

using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class RecallTableTests
{
    [Fact]
    public void The_papers_rows_are_printed_with_their_share_of_the_cost()
    {
        var frame = RecallTable.Paper(PaperTable.Of(5), "COCO");
        Assert.Equal(["Uncompressed", "UPop", "UPop", "MADTP", "MADTP"], frame.Rows.Select(row => row["approach"]));
        Assert.Equal(["MADTP", "0.50", 72.7, 91.8, 96.1, 55.0, 79.9, 87.5, 48.1], frame.Rows[3]);
    }

    [Fact]
    public void Ours_say_where_the_budget_was_not_reached()
    {
        string[] names = ["text at 1", "text at 5", "text at 10", "image at 1", "image at 5", "image at 10"];
        var group = new SeedGroup(new Experiment { ReduceRatio = 0.75 }, Spread.Of([0.3]), Spread.Of([0.41]), false)
        {
            Scores = names.Select((name, i) => (name, Spread.Of([0.1 * (i + 1)]))).ToDictionary(score => score.name, score => score.Item2),
        };
        Assert.Equal(["MADTP", "0.75 (not reached)", 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 41.0], RecallTable.Ours([group]).Rows[0]);
    }

    [Fact]
    public void The_mean_at_one_is_of_both_directions() =>
        Assert.Equal(64.15, RecallTable.MeanAtOne(PaperTable.Of(5).Row(("dataset", "COCO"), ("approach", "Uncompressed"))!), 9);

    [Fact]
    public void A_data_set_the_table_lacks_is_named() =>
        Assert.Contains("'VQA'", Assert.Throws<ArgumentException>(() => RecallTable.Paper(PaperTable.Of(5), "VQA")).Message, StringComparison.Ordinal);
}

using Madtp.Kit.Experiments;
using Microsoft.Data.Analysis;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ComparedColumnsTests
{
    private static readonly PaperTable Paper = PaperTable.Of(2);
    private static readonly SeedGroup Plain = Group(0.966, 1, ratio: 0);

    [Fact]
    public void Losses_are_taken_against_the_uncompressed_model_of_the_same_scale() =>
        Assert.Equal(["half", 95.8, 0.0, -0.8, 50.0, "met", 82.85, -0.23, 49.9], Table(("half", Group(0.958, 0.5), Half)).Rows[0]);

    [Fact]
    public void A_budget_that_was_missed_says_so_and_the_uncompressed_model_has_none()
    {
        var frame = Table(("plain", Group(0.966, 1, ratio: 0), Paper.Rows[0]), ("over", Group(0.958, 0.6), Half));
        Assert.Equal(["–", "not met"], frame.Rows.Select(row => row["budget"]));
    }

    [Fact]
    public void A_loss_too_small_to_print_is_zero_and_not_minus_zero() =>
        Assert.False(double.IsNegative((double)Table(("half", Group(0.9658, 0.5), Half)).Rows[0]["toy Δ"]!));

    [Fact]
    public void What_neither_has_stays_empty() =>
        Assert.Equal(["half", null, null, null, null, "–", null, null, null], Table(("half", null, null)).Rows[0]);

    [Fact]
    public void A_single_score_can_be_compared_instead_of_the_test_score()
    {
        var plain = Group(0.9, 1, ratio: 0) with { Scores = new Dictionary<string, Spread> { ["CIDEr"] = Spread.Of([4.5, 4.7]) } };
        var ours = Group(0.8, 0.5) with { Scores = new Dictionary<string, Spread> { ["CIDEr"] = Spread.Of([4.2, 4.2]) } };
        var frame = ResultTable.Of(["MADTP"])
            .Text("approach", method => method)
            .Ours(_ => ours, plain, "CIDEr")
            .Paper(method => PaperTable.Of(7).Row(("approach", method), ("ratio", 0.5)), PaperTable.Of(7).Rows[0], "cider", "caption_gflops")
            .ToFrame();
        Assert.Equal(["MADTP", 420.0, 0.0, -40.0, 50.0, "met", 131.0, -2.3, 60.4], frame.Rows[0]);
    }

    private static PaperRow Half => Paper.Row(("approach", "MADTP"), ("ratio", 0.5))!;

    private static DataFrame Table(params (string Setting, SeedGroup? Ours, PaperRow? Theirs)[] rows) => ResultTable.Of(rows)
        .Text("setting", row => row.Setting).Ours(row => row.Ours, Plain).Paper(row => row.Theirs, Paper.Rows[0]).ToFrame();

    private static SeedGroup Group(double test, double share, double ratio = 0.5) =>
        new(new Experiment { ReduceRatio = ratio }, Spread.Of([test]), Spread.Of([share]), share <= 1 - ratio + 0.01);
}

public class ResultTableTests
{
    [Fact]
    public void Every_result_is_a_row_and_numbers_are_rounded()
    {
        var frame = ResultTable.Of(new[] { ("MADTP", 0.95832, 200), ("STP", 0.5, 7) })
            .Text("method", row => row.Item1)
            .Number("test %", row => 100 * row.Item2)
            .Number("share", row => row.Item2, digits: 2)
            .Number("pairs", row => row.Item3, digits: 0)
            .ToFrame();
        Assert.Equal(["method", "test %", "share", "pairs"], frame.Columns.Select(column => column.Name));
        Assert.Equal(["MADTP", 95.8, 0.96, 200.0], frame.Rows[0]);
        Assert.Equal(["STP", 50.0, 0.5, 7.0], frame.Rows[1]);
    }

    [Fact]
    public void What_is_not_known_stays_empty_and_nothing_is_minus_zero()
    {
        var column = ResultTable.Of(new double?[] { null, -0.01 }).Number("Δ", value => value).ToFrame()["Δ"];
        Assert.Null(column[0]);
        Assert.False(double.IsNegative((double)column[1]!));
    }
}

public class VerdictsTests
{
    private static readonly SeedGroup Ours = Group("MADTP", 0.5, 0.94, 0.95, 0.96), Worse = Group("STP", 0.5, 0.88, 0.90, 0.92);

    [Fact]
    public void A_leader_is_named_at_equal_cost_alone()
    {
        var frame = ResultTable.Verdicts([(Ours, Worse), (Ours, Group("UPop", 0.37, 0.88, 0.90, 0.92)), (Ours, Ours)]);
        Assert.Equal(["MADTP − STP", 0.5, 5.0, 2.6, 50.0, 50.0, "MADTP is ahead"], frame.Rows[0]);
        Assert.Equal(["MADTP − UPop", 0.5, 5.0, 2.6, 50.0, 37.0, "unequal cost, no verdict"], frame.Rows[1]);
        Assert.Equal("too close to tell", frame.Rows[2]["verdict"]);
    }

    [Fact]
    public void The_papers_difference_stands_beside_and_says_which_way_it_points()
    {
        var frame = ResultTable.Verdicts(
            [(Ours, Worse), (Worse, Ours), (Ours, Ours)], name: group => group.Experiment.Method[..1],
            published: (first, second) => first == second ? null : 1.234);
        Assert.Equal([1.23, 1.23, null], frame.Rows.Select(row => row["paper's points"]));
        Assert.Equal(
            ["M is ahead, as in the paper", "M is ahead, against the paper", "too close to tell"],
            frame.Rows.Select(row => row["verdict"]));
    }

    [Fact]
    public void A_single_score_can_be_compared()
    {
        SeedGroup With(double score) => Ours with { Scores = new Dictionary<string, Spread> { ["CIDEr"] = Spread.Of([score, score]) } };
        Assert.Equal(30.0, ResultTable.Verdicts([(With(4.5), With(4.2))], "CIDEr").Rows[0]["points"]);
    }

    private static SeedGroup Group(string method, double share, params double[] tests) =>
        new(new Experiment { Method = method, ReduceRatio = 0.5 }, Spread.Of(tests), Spread.Of([share, share]), true);
}

public class TrainingLengthTests
{
    [Fact]
    public void Both_trainings_of_each_method_stand_side_by_side()
    {
        var length = TrainingLength.Of("toy-clip", ["MADTP", "UPop"]);
        var frame = length.ToFrame();
        Assert.Equal(["Uncompressed", "MADTP", "UPop"], frame.Rows.Select(row => row[0]));
        Assert.Equal((37.2, 42.1), (frame.Rows[1]["one pass, %"], frame.Rows[1]["4 passes, %"]));
        Assert.All(length.More, group => Assert.Equal((4, 3), (group.Experiment.Epochs, group.Test.Count)));
        Assert.Equal(
            [("one pass", "MADTP is ahead"), ("4 passes", "too close to tell")],
            length.Verdicts("MADTP").Rows.Select(row => ((string)row["after"], (string)row["verdict"])));
    }
}

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
        Assert.Equal(64.15, RecallTable.MeanAtOne(PaperTable.Of(5), "COCO", "Uncompressed", null)!.Value, 9);

    [Fact]
    public void Verdicts_know_the_papers_difference_and_the_cost()
    {
        var table = PaperTable.Of(5, ExperimentScale.Toy);
        var frame = RecallTable.Verdicts(table, SeedGroups.Of(table.Grid.Run()));
        Assert.Equal(["MADTP − STP", "MADTP − UPop", "MADTP − STP", "MADTP − UPop"], frame.Rows.Select(row => row["compared"]));
        Assert.Equal([null, 1.9, null, 9.45], frame.Rows.Select(row => row["paper's points"]));
        Assert.Equal(
            ["too close to tell", "MADTP is ahead, as in the paper", "unequal cost, no verdict", "unequal cost, no verdict"],
            frame.Rows.Select(row => row["verdict"]));
    }
}

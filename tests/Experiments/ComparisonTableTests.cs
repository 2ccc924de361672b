using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ComparisonTableTests
{
    private static readonly PaperTable Paper = PaperTable.Of(2);

    [Fact]
    public void Losses_are_taken_against_the_uncompressed_model_of_the_same_scale() =>
        Assert.Equal(["half", 95.8, 0.0, -0.8, 50.0, "met", 82.85, -0.23, 49.9], Table().Row(["half"], Group(0.958, 0.5), Half).ToFrame().Rows[0]);

    [Fact]
    public void A_budget_that_was_missed_says_so_and_the_uncompressed_model_has_none()
    {
        var frame = Table().Row(["plain"], Group(0.966, 1, ratio: 0), Paper.Rows[0]).Row(["over"], Group(0.958, 0.6), Half).ToFrame();
        Assert.Equal(["–", "not met"], frame.Rows.Select(row => row["budget"]));
    }

    [Fact]
    public void A_loss_too_small_to_print_is_zero_and_not_minus_zero() =>
        Assert.False(double.IsNegative((double)Table().Row(["half"], Group(0.9658, 0.5), Half).ToFrame().Rows[0]["toy Δ"]!));

    [Fact]
    public void What_neither_has_stays_empty() =>
        Assert.Equal(["half", null, null, null, null, "–", null, null, null], Table().Row(["half"], null, null).ToFrame().Rows[0]);

    [Fact]
    public void A_single_score_can_be_compared_instead_of_the_test_score()
    {
        var plain = Group(0.9, 1, ratio: 0) with { Scores = new Dictionary<string, Spread> { ["CIDEr"] = Spread.Of([4.5, 4.7]) } };
        var ours = Group(0.8, 0.5) with { Scores = new Dictionary<string, Spread> { ["CIDEr"] = Spread.Of([4.2, 4.2]) } };
        var frame = new ComparisonTable(["approach"], plain, PaperTable.Of(7).Rows[0]) { ScaleLabel = "toy", Score = "CIDEr", PaperScore = "cider", PaperMacs = "caption_gflops" }
            .Row(["MADTP"], ours, PaperTable.Of(7).Row(("approach", "MADTP"), ("ratio", 0.5))).ToFrame();
        Assert.Equal(["MADTP", 420.0, 0.0, -40.0, 50.0, "met", 131.0, -2.3, 60.4], frame.Rows[0]);
    }

    [Fact]
    public void A_row_has_a_text_for_every_label_column() =>
        Assert.Contains("2 texts for 1 columns", Assert.Throws<ArgumentException>(() => Table().Row(["half", "0.5"], null, null)).Message);

    private static PaperRow Half => Paper.Row(("approach", "MADTP"), ("ratio", 0.5))!;

    private static ComparisonTable Table() => new(["setting"], Group(0.966, 1, ratio: 0), Paper.Rows[0]) { ScaleLabel = "toy" };

    private static SeedGroup Group(double test, double share, double ratio = 0.5) =>
        new(new Experiment { ReduceRatio = ratio }, Spread.Of([test]), Spread.Of([share]), share <= 1 - ratio + 0.01);
}

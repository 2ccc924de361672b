using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ComparisonTableTests
{
    [Fact]
    public void Losses_are_taken_against_the_uncompressed_model_of_the_same_scale()
    {
        var row = Table(ours: 0.958, baseline: 0.966).ToFrame().Rows[0];
        Assert.Equal(["half", 95.8, 0.0, -0.8, 50.0, 82.85, -0.23, 49.9], row);
    }

    [Fact]
    public void A_loss_too_small_to_print_is_zero_and_not_minus_zero() =>
        Assert.False(double.IsNegative((double)Table(ours: 0.9658, baseline: 0.966).ToFrame().Rows[0]["toy Δ"]!));

    [Fact]
    public void What_neither_has_stays_empty()
    {
        var row = new ComparisonTable(["setting"]).Row(["half"], null, 0.966, null, 83.08, null, 132.54).ToFrame().Rows[0];
        Assert.Equal(["half", null, null, null, null, null, null, null], row);
    }

    [Fact]
    public void A_row_has_a_text_for_every_label_column() =>
        Assert.Contains("2 texts for 1 columns", Assert.Throws<ArgumentException>(() => new ComparisonTable(["setting"]).Row(["half", "0.5"], null, 1, null, 1, null, 1)).Message);

    private static ComparisonTable Table(double ours, double baseline) => new ComparisonTable(["setting"]).Row(
        ["half"], new SeedGroup(Experiment, Spread.Of([ours]), Spread.Of([0.5]), true), baseline, 82.85, 83.08, 66.16, 132.54);

    private static Experiment Experiment => Scale.Experiment("nlvr2", ExperimentScale.Toy);
}

using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class SeedGroupsTests
{
    private static readonly Experiment Half = new() { ReduceRatio = 0.5 };

    [Fact]
    public void Runs_that_differ_in_their_seed_alone_are_one_group()
    {
        var groups = SeedGroups.Of([Result(Half, 1, 0.95), Result(Half with { LearnableTokens = 32 }, 1, 0.5), Result(Half, 2, 0.97)]);
        Assert.Equal(2, groups.Count);
        Assert.Equal((0.96, 2), (groups[Half].Test.Mean, groups[Half].Test.Count));
        Assert.Equal(groups[0], groups[Half with { Seed = 7 }]);
        Assert.Equal(0.5, groups[Half with { LearnableTokens = 32 }].Test.Mean);
    }

    [Fact]
    public void A_group_that_is_not_there_is_named_with_those_that_are()
    {
        var error = Assert.Throws<ArgumentException>(() => SeedGroups.Of([Result(Half, 1, 0.95)])[Half with { LearnableTokens = 100 }]);
        Assert.Contains("K = 100", error.Message, StringComparison.Ordinal);
        Assert.Contains("there are MADTP 0.5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_run_over_its_budget_is_enough_for_the_group()
    {
        Assert.True(SeedGroups.Of([Result(Half, 1, 0.9, share: 0.505)])[0].BudgetMet);
        Assert.False(SeedGroups.Of([Result(Half, 1, 0.9, share: 0.505), Result(Half, 2, 0.9, share: 0.52)])[0].BudgetMet);
    }

    private static ExperimentResult Result(Experiment experiment, long seed, double test, double share = 0.5) => new(experiment with { Seed = seed })
    {
        Test = test, Dev = test, Macs = share * 100, DenseMacs = 100, Libtorch = "", Command = "", Code = "", Data = "", Date = "",
    };
}

public class SeedGapTests
{
    // Deviations 0.01 and 0.02 of three seeds each: 2·√((0.0001 + 0.0004)/3) = 0.02582.
    private static readonly Spread Narrow = Spread.Of([0.94, 0.95, 0.96]), Wide = Spread.Of([0.88, 0.90, 0.92]);

    [Fact]
    public void The_error_is_two_standard_errors_of_the_difference()
    {
        var gap = SeedGap.Between(Narrow, Wide);
        Assert.Equal(5, gap.Points, 9);
        Assert.Equal(2.582, gap.Error!.Value, 3);
        Assert.Equal("+5.0 points (two standard errors: 2.6)", gap.ToString());
    }

    [Fact]
    public void A_clear_gap_has_a_leader_whichever_way_it_is_asked()
    {
        Assert.Equal("MADTP is ahead", SeedGap.Between(Narrow, Wide).Verdict("MADTP", "STP"));
        Assert.Equal("MADTP is ahead", SeedGap.Between(Wide, Narrow).Verdict("STP", "MADTP"));
    }

    [Fact]
    public void A_gap_within_its_error_has_none() =>
        Assert.Equal("too close to tell", SeedGap.Between(Wide, Spread.Of([0.89, 0.91, 0.93])).Verdict("MADTP", "STP"));

    [Theory]
    [InlineData(0.409, "MADTP is ahead")]
    [InlineData(0.412, "unequal cost, no verdict")]
    [InlineData(0.27, "unequal cost, no verdict")]
    public void Nothing_follows_from_a_gap_at_unequal_cost(double share, string verdict)
    {
        SeedGroup Group(Spread test, double macs) => new(new Experiment(), test, Spread.Of([macs, macs]), true);
        var gap = Group(Narrow, 0.4).Against(Group(Wide, share));
        Assert.Equal((verdict, verdict == "MADTP is ahead"), (gap.Verdict("MADTP", "STP"), gap.IsClear));
    }

    [Fact]
    public void A_single_seed_has_no_spread_to_judge_by()
    {
        var gap = SeedGap.Between(Narrow, Spread.Of([0.2]));
        Assert.False(gap.IsClear);
        Assert.Equal("one seed cannot tell", gap.Verdict("MADTP", "STP"));
        Assert.Equal("+75.0 points (one seed)", gap.ToString());
    }
}

using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

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

    [Fact]
    public void A_single_seed_has_no_spread_to_judge_by()
    {
        var gap = SeedGap.Between(Narrow, Spread.Of([0.2]));
        Assert.False(gap.IsClear);
        Assert.Equal("one seed cannot tell", gap.Verdict("MADTP", "STP"));
        Assert.Equal("+75.0 points (one seed)", gap.ToString());
    }
}

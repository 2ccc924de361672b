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

using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class ReductionCostTests
{
    [Fact]
    public void Madtp_pays_for_all_of_it()
    {
        foreach (var policy in new[] { ReductionPolicy.Fixed, ReductionPolicy.Paper, ReductionPolicy.Released })
        {
            Assert.Equal(ReductionCost.Madtp, ReductionCost.Of(policy));
        }
    }

    [Fact]
    public void A_part_that_is_not_used_costs_nothing()
    {
        var byClass = ReductionPolicy.Fixed with { Scorer = new ImportanceScorer { Parts = ScoreParts.Class }, Keep = new MeanThresholdRule() };
        Assert.Equal(new ReductionCost(false, false, true) { Work = ScoringWork.HeadNorms }, ReductionCost.Of(byClass));
        Assert.True(ReductionCost.Of(byClass with { Keep = ReductionPolicy.Fixed.Keep }).Alignment);
        Assert.Equal(new ReductionCost(true, false, false), ReductionCost.Of(StaticPruning.Policy(0.5)));
        Assert.Equal(new ReductionCost(false, false, true) { Work = ScoringWork.SummaryAttention }, ReductionCost.Of(Evit.Policy(0.5)));
        Assert.Equal(new ReductionCost(false, false, false) { Work = ScoringWork.SummaryAttention }, ReductionCost.Of(Evit.Policy(0.5, fuse: false)));
        Assert.Equal(new ReductionCost(false, false, false) { Work = ScoringWork.None }, ReductionCost.Of(RandomPruning.Policy(0.5)));
        Assert.Equal(new ReductionCost(false, false, true) { Work = ScoringWork.None, Matching = MatchedPairs.Bipartite }, ReductionCost.Of(ToMe.Policy(0.5)));
        Assert.Equal(new ReductionCost(true, false, true) { Work = ScoringWork.None, Matching = MatchedPairs.Complete }, ReductionCost.Of(CrossGet.Policy(0.5)));
    }

    /// <summary>The small model of two layers and nine patches: 10 tokens to 7 to 5 in both images.</summary>
    [Theory]
    [InlineData("STP", 2 * (9 + 6) * 3 * 8, 0, 0, 2 * ((9 * 8) + (9 * 9) + (6 * 8) + (6 * 6)))]
    [InlineData("EViT", 0, 2 * (4 + 3) * 8, 0, 2 * ((9 * 2) + (6 * 2)))]
    [InlineData("Random", 0, 0, 0, 0)]
    [InlineData("ToMe", 0, 2 * (3 + 2) * 8, 2 * ((4 * 5) + (3 * 3)) * 4, 2 * (9 + 6) * 8)]
    [InlineData("CrossGET", 2 * (9 + 6) * 3 * 8, 2 * (3 + 2) * 8, 2 * (81 + 36) * 4, 2 * (9 + 6) * 8)]
    public void Rows_of_the_rivals(string name, long alignment, long merging, long matching, long deployedScoring)
    {
        var pruned = MacLedger.For(Small).WithTokens([7, 5], null, ReductionCost.Of(RivalPolicies.All[name](0.5)));
        Assert.Equal(matching, pruned.Total(Accounting.Paper, CostKind.Matching));
        Assert.Equal(alignment, pruned.Total(Accounting.Paper, CostKind.Alignment));
        Assert.Equal(merging, pruned.Total(Accounting.Paper, CostKind.Merging));
        Assert.Equal(0, pruned.Total(Accounting.Paper, CostKind.Scoring));
        Assert.Equal(deployedScoring, pruned.Total(Accounting.Deploy, CostKind.Scoring));
    }

    private static readonly NlvrCost Small = new()
    {
        Name = "small",
        Vision = new VisionDims { ImageSize = 12, PatchSize = 4, Width = 8, Depth = 2, HeadWidth = 4 },
        Text = new TextDims { Width = 8, Depth = 2, HeadWidth = 4 },
        TextTokens = 6,
        Alignment = new AlignmentDims(3, 8),
    };
}

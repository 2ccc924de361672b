using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class ReductionCostTests
{
    private static readonly LayerShape Layer = new(Tokens: 9, Width: 8, HeadWidth: 4, LearnableTokens: 3);

    [Fact]
    public void Madtp_pays_for_all_of_it()
    {
        foreach (var policy in new[] { ReductionPolicy.Fixed, ReductionPolicy.Paper, ReductionPolicy.Released })
        {
            Assert.True(policy.NeedsAlignment);
            Assert.Equal(new PartCost((9 * 8) + (9 * 9)), policy.Scorer.Cost(Layer));
            Assert.Equal(new PartCost(9 * 3), policy.Keep.Cost(Layer));
            Assert.Equal(new PartCost(0, 5 * 8), policy.Reducer.Cost(Layer, removed: 4));
        }
    }

    [Fact]
    public void A_part_that_is_not_used_costs_nothing()
    {
        var byClass = ReductionPolicy.Fixed with { Scorer = new ImportanceScorer { Parts = ScoreParts.Class }, Keep = new MeanThresholdRule() };
        Assert.False(byClass.NeedsAlignment);
        Assert.Equal(new PartCost(9 * 8), byClass.Scorer.Cost(Layer));
        Assert.Equal(default, byClass.Keep.Cost(Layer));
        Assert.Equal(default, StaticPruning.Policy(0.5).Reducer.Cost(Layer, 4));
    }

    [Fact]
    public void A_method_of_ones_own_is_in_the_ledger_by_what_it_declares()
    {
        var own = StaticPruning.Policy(0.5) with { Name = "own", Scorer = new Own() };
        var (pruned, free) = (MacLedger.For(Small).WithTokens(new([[7, 5]], null), own), MacLedger.For(Small).WithTokens(new([[7, 5]], null), null));
        Assert.Equal(2 * (9 + 6) * 8, pruned.Total(Accounting.Deploy, LedgerParts.Scoring));
        Assert.Equal(2 * 7 * 2, pruned.Total(Accounting.Paper) - free.Total(Accounting.Paper)); // its products, in both layers and images
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
        var pruned = MacLedger.For(Small).WithTokens(new([[7, 5]], null), RivalPolicies.All[name](0.5));
        Assert.Equal(matching, pruned.Total(Accounting.Paper, LedgerParts.Matching));
        Assert.Equal(alignment, pruned.Total(Accounting.Paper, LedgerParts.Alignment));
        Assert.Equal(merging, pruned.Total(Accounting.Paper, LedgerParts.Merging));
        Assert.Equal(0, pruned.Total(Accounting.Paper, LedgerParts.Scoring));
        Assert.Equal(deployedScoring, pruned.Total(Accounting.Deploy, LedgerParts.Scoring));
    }

    [Fact]
    public void The_candidates_are_sorted_without_the_class_token()
    {
        var pruned = MacLedger.For(Small).WithTokens(new([[9, 5]], null), StaticPruning.Policy(0.5));
        Assert.Equal(2 * ((9 * 4) + (8 * 3)), pruned.Total(Accounting.Deploy, LedgerParts.Sorting)); // ⌈log₂ 9⌉ = 4, ⌈log₂ 8⌉ = 3
    }

    [Fact]
    public void Where_nothing_goes_nothing_is_merged_and_no_matching_is_published()
    {
        var (ours, tome) = (MacLedger.For(Small).WithTokens(new([[10, 10]], null), ReductionPolicy.Fixed), MacLedger.For(Small).WithTokens(new([[10, 10]], null), RivalPolicies.All["ToMe"](0.5)));
        Assert.Equal(0, ours.Total(Accounting.Deploy, LedgerParts.Merging));
        Assert.Equal(0, tome.Total(Accounting.Paper, LedgerParts.Matching));
        Assert.NotEqual(0, tome.Total(Accounting.Deploy, LedgerParts.Matching));
    }

    private static readonly NlvrCost Small = new(new BlipConfig
    {
        Vision = new VisionTransformerConfig { ImageSize = 12, PatchSize = 4, Width = 8, Depth = 2, Heads = 2 },
        Text = new BertConfig { Width = 8, Layers = 2, Heads = 2, FeedForwardWidth = 32 },
        Alignment = new AlignmentConfig(3, 8),
    }, TextTokens: 6);

    private sealed record Own : ITokenScorer
    {
        public ImportanceScores Score(ReductionContext context) => new(context.X.pow(2).sum(2).sqrt());

        public PartCost Cost(LayerShape layer) => new(layer.Tokens * layer.Width, Products: 7);
    }
}

using Madtp.Kit.Madtp;
using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class MacLedgerTests
{
    // Nothing but sorting is added where a layer removes tokens.
    private static readonly ReductionPolicy Unaligned =
        StaticPruning.Policy(0.5) with { Scorer = new ImportanceScorer { Parts = ScoreParts.Class | ScoreParts.Self } };

    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(50).WithReplay(7, 7);

    /// <summary>Small NLVR2 models of any shape, with a text length.</summary>
    private static readonly Gen<NlvrCost> Models =
        from grid in Gen.Choose(1, 8)
        from patch in Gen.Choose(1, 16)
        from heads in Gen.Choose(1, 4)
        from depth in Gen.Choose(1, 4)
        from layers in Gen.Choose(1, 9)
        from text in Gen.Choose(2, 40)
        from tokens in Gen.Choose(1, 20)
        select new NlvrCost(new BlipConfig
        {
            Vision = new VisionTransformerConfig { ImageSize = grid * patch, PatchSize = patch, Width = 8 * heads, Depth = depth, Heads = heads },
            Text = new BertConfig { Width = 8 * heads, Layers = layers, Heads = heads, FeedForwardWidth = 32 * heads },
            Alignment = new AlignmentConfig(tokens, 8 * heads),
        }, text);

    [Fact]
    public void Nlvr2_follows_the_closed_form() => Prop.ForAll(Models.ToArbitrary(), model =>
    {
        long d = model.Sizes.Vision.Width, n = model.Sizes.Vision.Patches + 1, l = model.Sizes.Vision.Depth, patch = model.Sizes.Vision.PatchSize;
        var image = ((n - 1) * 3 * patch * patch * d) + (l * ((12 * n * d * d) + (2 * n * n * d))) + (5 * n * d * ((2 * l) + 1));
        long t = model.TextTokens, layers = model.Sizes.Text.Layers;
        var keys = 2 * 2 * n * d * d * layers;
        var tokens = (16 * t * d * d * layers) + (2 * t * t * d * layers) + (2 * 2 * t * n * d * layers) + (5 * t * d * ((3 * layers) + 1));
        var merge = 2 * t * d * d * Math.Max(0, layers - model.Sizes.Text.FirstMergeLayer);
        var alignment = 2 * model.Alignment!.Tokens * d * ((2 * (n - 1) * l) + ((t - 1) * layers));
        var paper = (2 * image) + keys + tokens + merge + (d * d) + (2 * d);
        var ledger = MacLedger.For(model);
        Assert.Equal(paper, ledger.Total(Accounting.Paper));
        Assert.Equal(paper + alignment, ledger.Total(Accounting.PaperWithAlignment));
        return true;
    }).Check(Cases);

    [Fact]
    public void Keeping_every_token_costs_what_the_whole_model_costs() => Prop.ForAll(Models.ToArbitrary(), model =>
    {
        var whole = MacLedger.For(model);
        var kept = whole.WithTokens(new([Same(model.Sizes.Vision.Patches + 1, model.Sizes.Vision.Depth)], Same(model.TextTokens, model.Sizes.Text.Layers)), null);
        Assert.Equal(whole.Total(Accounting.Paper), kept.Total(Accounting.Paper));
        Assert.Equal(whole.Total(Accounting.Deploy), kept.Total(Accounting.Deploy));
        return true;
    }).Check(Cases);

    [Fact]
    public void Fewer_tokens_in_any_layer_cost_less()
    {
        var pairs = from model in Models.Where(model => model.Sizes.Vision.Patches + 1 > 2)
                    from layer in Gen.Choose(0, model.Sizes.Vision.Depth - 1)
                    select (model, layer);
        Prop.ForAll(pairs.ToArbitrary(), pair =>
        {
            var (model, layer) = pair;
            var more = Same(model.Sizes.Vision.Patches + 1, model.Sizes.Vision.Depth);
            var fewer = more.Select((count, i) => i >= layer ? count - 2 : count).ToArray();
            var whole = MacLedger.For(model);
            var dense = whole.WithTokens(new([more], null), Unaligned).Total(Accounting.Paper);
            Assert.True(whole.WithTokens(new([fewer], null), Unaligned).Total(Accounting.Paper) < dense);
            return true;
        }).Check(Cases);
    }

    [Fact]
    public void The_method_itself_is_rows_of_its_own()
    {
        var model = Small();
        var pruned = MacLedger.For(model).WithTokens(new([[7, 5]], [6, 6]), ReductionPolicy.Fixed);
        long d = model.Sizes.Vision.Width, k = model.Alignment!.Tokens;

        // Only what the answer depends on: the text removed nothing, so its scores are not on the published pass.
        Assert.Equal(2 * (9 + 6) * k * d, pruned.Total(Accounting.Paper, LedgerParts.Alignment));
        Assert.Equal((2 * (9 + 6) * k * d) + (2 * 5 * k * d), pruned.Total(Accounting.Deploy, LedgerParts.Alignment));

        // 10 tokens to 7: class, 5 kept and the one that 4 were merged into; 7 to 5: 3 kept, 3 merged.
        Assert.Equal(2 * (4 + 3) * d, pruned.Total(Accounting.Paper, LedgerParts.Merging));
        Assert.Equal(0, pruned.Total(Accounting.Paper, LedgerParts.Scoring));
        Assert.True(pruned.Total(Accounting.Deploy, LedgerParts.Scoring) > 0);
        Assert.Equal((2 * ((9 * 4) + (6 * 3))) + (2 * 5 * 3), pruned.Total(Accounting.Deploy, LedgerParts.Sorting));
    }

    [Fact]
    public void Smaller_layers_cost_their_own_widths()
    {
        var model = Small();
        var half = model with { Widths = new Dictionary<string, int> { ["visual_encoder.blocks.0.attn"] = 4, ["visual_encoder.blocks.0.mlp"] = 16 } };
        long d = 8, n = 10;
        var saved = 2 * ((4 * n * d * 4) + (2 * n * n * 4) + (2 * n * d * 16));
        Assert.Equal(saved, MacLedger.For(model).Total(Accounting.Paper) - MacLedger.For(half).Total(Accounting.Paper));
    }

    [Fact]
    public void The_tree_sums_to_the_total()
    {
        var ledger = MacLedger.For("blip-nlvr2");
        var tree = ledger.Tree();
        Assert.Equal(ledger.Total(Accounting.Paper), tree.Sum.Paper);
        Assert.Equal(tree.Sum.Paper, tree.Parts.Sum(part => part.Sum.Paper));
        var blocks = tree.Parts.Single(part => part.Name == "visual_encoder").Parts.Single(part => part.Name == "blocks");
        Assert.Equal(("*", blocks.Sum.Paper), (Assert.Single(blocks.Parts).Name, blocks.Parts[0].Sum.Paper));
    }

    [Theory]
    [InlineData(new[] { 7 }, null, "2 layers")]
    [InlineData(new[] { 7, 8 }, null, "8 tokens after layer 2, but 7 entered")]
    [InlineData(new[] { 7, 0 }, null, "0 tokens after layer 2")]
    [InlineData(new[] { 11, 5 }, null, "11 tokens after layer 1, but 10 entered")]
    [InlineData(null, new[] { 6, 7 }, "text token counts")]
    public void Counts_that_cannot_be_are_refused(int[]? vision, int[]? text, string says)
    {
        var error = Assert.Throws<ArgumentException>(() => MacLedger.For(Small()).WithTokens(new(vision is null ? [] : [vision], text), ReductionPolicy.Fixed));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones() =>
        Assert.Contains("clip-l14-336", Assert.Throws<ArgumentException>(() => MacLedger.For("clip")).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_named_model_has_a_ledger() => Assert.All(CostModels.Names, name =>
    {
        var ledger = MacLedger.For(name);
        Assert.Equal(name, ledger.Model.Name);
        Assert.InRange(ledger.Total(Accounting.Paper), 1_000_000_000, 2_000_000_000_000);
        Assert.True(ledger.Total(Accounting.PaperWithAlignment) > ledger.Total(Accounting.Paper));
        Assert.True(ledger.Total(Accounting.Deploy) <= ledger.Total(Accounting.ReferenceDeploy));
    });

    private static int[] Same(int count, int times) => [.. Enumerable.Repeat(count, times)];

    private static NlvrCost Small() => new(new BlipConfig
    {
        Vision = new VisionTransformerConfig { ImageSize = 12, PatchSize = 4, Width = 8, Depth = 2, Heads = 2 },
        Text = new BertConfig { Width = 8, Layers = 2, Heads = 2, FeedForwardWidth = 32 },
        Alignment = new AlignmentConfig(5, 8),
    }, TextTokens: 6);
}

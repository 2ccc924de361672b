using Madtp.Kit.Madtp;
using Madtp.Kit.Cost;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

/// <summary>The figures the paper publishes and those of deployment, to the digit.</summary>
public class PublishedFiguresTests
{
    private static readonly int[] VisionTokens = [462, 369, 333, 310, 270, 267, 258, 251, 249, 242, 241, 223];
    private static readonly int[] TextTokens = [21, 21, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20];

    [Theory]
    [InlineData("blip-nlvr2", 132_540_715_008, 134_728_593_408)]
    [InlineData("blip-caption", 65_719_562_496, 66_781_245_696)]
    [InlineData("blip-vqa", 186_121_346_304, 188_546_997_504)]
    [InlineData("blip-retrieval", 153_242_530_048, 155_679_240_448)]
    [InlineData("clip-l14-336", 395_700_732_416, 423_046_742_528)]
    public void Published_pass_is_exact(string model, long paper, long withAlignment)
    {
        var ledger = MacLedger.For(model);
        Assert.Equal(paper, ledger.Total(Accounting.Paper));
        Assert.Equal(withAlignment, ledger.Total(Accounting.PaperWithAlignment));
    }

    [Fact]
    public void Clip_costs_half_of_its_published_figure_at_inference() =>
        Assert.Equal(197.76, MacLedger.For("clip-l14-336").Total(Accounting.Deploy) / 1e9, 2);

    [Fact]
    public void Clips_similarity_is_no_part_of_the_published_figure() =>
        Assert.Equal(new LedgerRow("similarity", 0, 0, 768, 768), MacLedger.For("clip-l14-336").Rows.Single(row => row.Module == "similarity"));

    [Fact]
    public void A_caption_attends_to_its_prompt_at_once_and_then_to_one_word_more_each_step()
    {
        var scores = MacLedger.For("blip-caption").Rows.Single(row => row.Module == "text_decoder.bert.encoder.layer.0.attention.self.scores");
        Assert.Equal(3 * 768 * ((4 * 4) + Enumerable.Range(5, 15).Sum()), scores.Deploy); // of three beams
    }

    [Fact]
    public void Caption_keys_computed_once_save_a_factor_of_six()
    {
        var ledger = MacLedger.For("blip-caption");
        Assert.Equal(455, Math.Round(ledger.Total(Accounting.ReferenceDeploy) / 1e9));
        Assert.Equal(71, Math.Round(ledger.Total(Accounting.Deploy) / 1e9));
    }

    [Fact]
    public void Coco_reranking()
    {
        var model = (RetrievalCost)CostModels.Named("blip-retrieval");
        var ledger = MacLedger.For(model);
        Assert.Equal(7_680_000, RetrievalCost.Pairs);
        Assert.Equal(92.4, ledger.Total(Accounting.ReferenceDeploy) / 1e15, 1);
        Assert.Equal(29.7, ledger.Total(Accounting.Deploy) / 1e15, 1);
        Assert.Equal(11.0, MacLedger.For(model with { PairTokens = 13 }).Total(Accounting.Deploy) / 1e15, 1);
    }

    [Fact]
    public void Vqa_ranking_costs_more_than_the_image()
    {
        var ledger = MacLedger.For("blip-vqa");
        var decoder = ledger.Rows.Where(row => row.Module.StartsWith("text_decoder.", StringComparison.Ordinal)).Sum(row => row.ReferenceDeploy);
        var image = ledger.Rows.Where(row => row.Module.StartsWith("visual_encoder.", StringComparison.Ordinal)).Sum(row => row.Deploy);
        Assert.Equal(111, Math.Round(decoder / 1e9));
        Assert.Equal(92.107, image / 1e9, 3);
        Assert.True(decoder > image);
    }

    [Fact]
    public void Vqa_asks_for_the_first_word_once_and_for_all_words_of_128_answers()
    {
        var head = MacLedger.For("blip-vqa").Rows.Single(row => row.Module == "text_decoder.cls.predictions.decoder");
        Assert.Equal((1 + (6 * 128)) * 768L * 30524, head.Deploy);
    }

    [Fact]
    public void Pruned_nlvr2_pass()
    {
        var model = CostModels.Named("blip-nlvr2") with { TextTokens = 21 };
        var pruned = MacLedger.For(model).WithTokens(new([VisionTokens], TextTokens), ReductionPolicy.Fixed);
        Assert.Equal(65_227_766_784, pruned.Total(Accounting.Paper));
    }

    [Fact]
    public void Counts_of_each_image_add_up()
    {
        var whole = MacLedger.For(CostModels.Named("blip-nlvr2") with { TextTokens = 21 });
        int[] other = [400, 300, 200, 180, 170, 160, 150, 140, 130, 120, 110, 100];
        var both = whole.WithTokens(new TokenCounts([VisionTokens, other], TextTokens), ReductionPolicy.Fixed).Total(Accounting.Paper);
        var mean = (whole.WithTokens(new([VisionTokens], TextTokens), ReductionPolicy.Fixed).Total(Accounting.Paper) + whole.WithTokens(new([other], TextTokens), ReductionPolicy.Fixed).Total(Accounting.Paper)) / 2;
        Assert.Equal(mean, both);
    }
}

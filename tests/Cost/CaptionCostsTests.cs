using Madtp.Kit.Cost;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Cost;

public class CaptionCostsTests
{
    [Fact]
    public void A_full_size_caption_costs_what_the_paper_counts() =>
        Assert.Equal(65_719_562_496, new CaptionCosts(BlipConfig.Caption with { Alignment = null }).Dense(15));

    [Fact]
    public void Each_image_pays_for_its_own_tokens()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = new BlipCaptioner(TinyModels.Config);
        model.eval();
        manual_seed(4);
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 20);
        using var trace = reduction.Record();
        model.VisualEncoder.forward(randn(3, 3, 24, 24));
        var costs = new CaptionCosts(model.Config);
        var each = costs.PerPair(trace, [9, 9, 6]);
        for (var image = 0; image < 3; image++)
        {
            int[] counts = [.. trace.Of("visual_encoder").Select(step => step.TokensPerSample[image])];
            var length = image == 2 ? 6 : 9;
            Assert.Equal(MacLedger.For(BlipCosts.Caption(model.Config, length)).WithTokens(counts, null, ReductionPolicy.Fixed).Total(Accounting.Paper), each[image]);
        }
    }

    [Fact]
    public void A_question_pays_for_image_question_and_one_answer()
    {
        var config = BlipConfig.Vqa with { Alignment = null };
        var one = new VqaCosts(config).Dense(14);
        var published = CostModels.Named("blip-vqa") as VqaCost;
        var alike = MacLedger.For(published! with { Questions = 1, Answers = 1, Alignment = new AlignmentDims(0, 0) }).Total(Accounting.Paper);
        Assert.Equal(alike, one);
        Assert.InRange(one, 92_107_000_000, 110_000_000_000); // the image alone, and little beside it
    }
}

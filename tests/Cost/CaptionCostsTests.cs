using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Cost;

public class CaptionCostsTests
{
    [Fact]
    public void A_full_size_caption_costs_what_the_paper_counts() =>
        Assert.Equal(65_719_562_496, new RunCosts(new CaptionCost(BlipConfig.Caption with { Alignment = null })).Dense(15));

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
        var costs = RunCosts.Of(model);
        var each = costs.PerPair(trace, [9, 9, 6]);
        for (var image = 0; image < 3; image++)
        {
            int[] counts = [.. trace.Of("visual_encoder").Select(step => step.TokensPerSample[image])];
            var length = image == 2 ? 6 : 9;
            Assert.Equal(MacLedger.For(new CaptionCost(model.Config, length)).WithTokens(new([counts], null), ReductionPolicy.Fixed).Total(Accounting.Paper), each[image]);
        }
    }

    [Fact]
    public void A_question_pays_for_image_question_and_one_answer()
    {
        var config = BlipConfig.Vqa with { Alignment = null };
        using var model = new BlipVqa(TinyModels.Config);
        Assert.Equal(MacLedger.For(new VqaCost(model.Config, 14) { Questions = 1, Answers = 1 }).Total(Accounting.Paper), RunCosts.Of(model).Dense(14));
        var one = MacLedger.For(new VqaCost(config) { Questions = 1, Answers = 1 }).Total(Accounting.Paper);
        Assert.InRange(one, 92_107_000_000, 110_000_000_000); // the image alone, and little beside it
    }
}

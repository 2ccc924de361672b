using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Models.Toy;

/// <summary>The captioner that comes with the kit says what data/toy/README.md claims, of scenes drawn afresh.</summary>
public class ToyCaptionTests
{
    private static readonly ToyCaptionSettings Fresh = new(Seed: 77, TestImages: 60);

    [Fact]
    public void Most_captions_name_all_shapes_and_none_without_its_image()
    {
        using var model = ToyCaption.Load().Model;
        using var split = ToyCaptionedImages.DrawForCaptioning("test", Fresh);
        Assert.InRange(CaptionTask.Evaluate(model, split, "test", CaptionLanguage.Toy).Accuracy, 0.65, 1);
        Assert.InRange(CaptionTask.Evaluate(model, split, "test", CaptionLanguage.Toy, scoring: new Scoring { Shuffle = Shuffle.Images }).Accuracy, 0, 0.1);
    }
}

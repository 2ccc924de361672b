using System.Globalization;
using System.Xml.Linq;
using Madtp.Kit.Figures;
using Madtp.Kit.Models;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class ArchitectureTests
{
    [Fact]
    public void It_names_the_models_sizes_and_no_text_lies_over_another_or_leaves_the_drawing()
    {
        Assert.SkipUnless(Sketch.HasWords, "no font is installed");
        foreach (var config in new[] { BlipConfig.Toy, BlipConfig.Nlvr2 })
        {
            var figure = Architecture.Draw(config, PairView.Toy("test1", 0));
            var root = XDocument.Parse(figure.Svg).Root!;
            var texts = root.Descendants().Where(each => each.Name.LocalName == "text").Select(Area).ToArray();
            Assert.Contains(texts, text => text.Said == $"{config.Alignment!.Tokens} learnable tokens E,");
            Assert.Contains(texts, text => text.Said == $"image encoder, {config.Vision.Depth} blocks like this");
            Assert.All(texts, text =>
                Assert.True(text.Left >= 0 && text.Right <= figure.Width && text.Bottom < figure.Height, text.Said));
            foreach (var (i, one) in texts.Index())
            {
                Assert.DoesNotContain(texts[(i + 1)..], other => one.Left < other.Right && other.Left < one.Right
                    && one.Top < other.Bottom && other.Top < one.Bottom);
            }
        }
    }

    [Fact]
    public void A_model_without_guidance_is_refused()
    {
        var plain = BlipConfig.Toy with { Alignment = null };
        var refused = Assert.Throws<ArgumentException>(() => Architecture.Draw(plain, PairView.Toy("test1", 0)));
        Assert.Contains("no alignment guidance", refused.Message);
    }

    private static (string Said, float Left, float Right, float Top, float Bottom) Area(XElement text)
    {
        float Number(string name) => float.Parse(((string)text.Attribute(name)!).Split(' ')[0], CultureInfo.InvariantCulture);
        var (x, y, size) = (Number("x"), Number("y"), Number("font-size"));
        return (text.Value, x, x + Sketch.Width(text.Value, size), y - (0.7f * size), y);
    }
}

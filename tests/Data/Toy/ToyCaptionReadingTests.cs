using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public class ToyCaptionReadingTests
{
    [Theory]
    [InlineData("two red circles and a blue square on a plain ground", "blue square, red circle, red circle")]
    [InlineData("There is a green triangle on a dotted background.", "green triangle")]
    [InlineData("a red circle to the right of a blue square, and a green triangle", "blue square, green triangle, red circle")]
    [InlineData("a plain ground with three gray squares", "")] // gray is no colour of shapes
    [InlineData("a picture of nothing", "")]
    public void Shapes_are_counted_whatever_the_form(string caption, string shapes) => Assert.Equal(shapes, ToyCaptions.ShapesIn(caption));

    [Fact]
    public void Every_caption_of_the_toy_world_is_understood()
    {
        foreach (var scene in ToyPictures.DrawSplit("test", new ToyCaptionSettings(Seed: 8, TestImages: 60)))
        {
            var truth = string.Join(", ", ((ToyScene)scene.Scene).Objects.Select(item => $"{item.Words}").Order(StringComparer.Ordinal));
            Assert.All(scene.Captions, caption => Assert.Equal(truth, ToyCaptions.ShapesIn(caption)));
        }
    }

    [Fact]
    public void Captions_and_answers_come_back_from_their_tokens()
    {
        foreach (var scene in ToyPictures.DrawSplit("test", new ToyCaptionSettings(Seed: 8, TestImages: 20)))
        {
            foreach (var caption in scene.Captions)
            {
                var ids = ToyTokens.Texts.WrittenCaption(caption);
                Assert.Equal(ToyTokens.Texts.Prompt, ids[..ToyTokens.Texts.Prompt.Count]);
                Assert.DoesNotContain(ToyTokens.Tokenizer.UnknownId, ids);
                Assert.Equal(ToyCaptions.ShapesIn(caption), ToyCaptions.ShapesIn(ToyTokens.Texts.CaptionOf([.. ids.Select(id => (long)id), 0, 0])));
            }

            foreach (var question in ToyQuestions.Ask((ToyScene)scene.Scene, 4, new SeededRandom(3)))
            {
                Assert.DoesNotContain(ToyTokens.Tokenizer.UnknownId, ToyTokens.Texts.Question(question.Text));
                Assert.Equal(question.Answer, ToyTokens.Tokenizer.Decode(ToyTokens.Texts.Answer(question.Answer)));
            }
        }
    }
}

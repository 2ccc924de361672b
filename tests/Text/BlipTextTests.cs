using System.Text.Json;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

public class BlipTextTests
{
    [Theory]
    [InlineData("A man (left) rides: A HORSE!!", "a man left rides a horse")]
    [InlineData("one\ttwo", "one\ttwo")]
    [InlineData("one.\ttwo \n", "one two")]
    [InlineData("", "")]
    public void A_caption_loses_punctuation(string caption, string expected) => Assert.Equal(expected, BlipText.PreCaption(caption));

    [Theory]
    [InlineData("What's #1 (here)?", "what's 1 here?")]
    [InlineData(" a  b . ", " a  b")]
    public void A_question_keeps_its_spaces(string question, string expected) => Assert.Equal(expected, BlipText.PreQuestion(question));

    [Fact]
    public void Words_are_cut_whole()
    {
        Assert.Equal("a b c", BlipText.PreCaption("a b c d", 3));
        Assert.Equal("a b c", BlipText.PreCaption("a b c", 3));
        Assert.Equal("", BlipText.PreCaption("a b c", 0));
    }

    [Fact]
    public void Texts_are_cut_to_BLIPs_lengths_and_to_a_models_positions()
    {
        var tokenizer = BertWordPiece.Create(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "picture", "of"]);
        var (wide, narrow) = (new BlipTexts(tokenizer), new BlipTexts(tokenizer, 8));
        var many = string.Join(' ', Enumerable.Repeat("a", 60));
        Assert.Equal((32, 35, 62), (wide.Caption(many).Length, wide.WrittenCaption(many).Length, wide.Answer(many).Length)); // 30 words of a caption
        Assert.Equal((8, 8, 8, 8), (narrow.Caption(many).Length, narrow.Question(many).Length, narrow.WrittenCaption(many).Length, narrow.Answer(many).Length));
    }

    // BLIP cuts off as many characters as the prompt has, wherever the caption's first mark went.
    [Fact]
    public void A_generated_caption_loses_the_length_of_its_prompt()
    {
        var texts = ToyTokens.Texts;
        string Of(params string[] tokens) => texts.CaptionOf([.. texts.Prompt, .. tokens.Select(token => (long)texts.Tokenizer.Encode(token)[0]), texts.Tokenizer.SeparatorId, 7L]);
        Assert.Equal("a red.", Of("a", "red", "."));
        Assert.Equal(" red", Of(".", "red"));
        Assert.Equal("", Of());
    }

    [Fact]
    public void Every_reference_case_is_exact()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "tokenizer_goldens", "pre_caption.json")));
        var cases = document.RootElement.GetProperty("cases");
        Assert.True(cases.GetArrayLength() > 100);
        foreach (var item in cases.EnumerateArray())
        {
            string Field(string name) => item.GetProperty(name).GetString()!;
            Assert.Equal(Field("pre_caption_50"), BlipText.PreCaption(Field("text")));
            Assert.Equal(Field("pre_caption_30"), BlipText.PreCaption(Field("text"), 30));
            Assert.Equal(Field("pre_caption_40"), BlipText.PreCaption(Field("text"), 40));
            Assert.Equal(Field("pre_question"), BlipText.PreQuestion(Field("text")));
        }
    }
}

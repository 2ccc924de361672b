using System.Text.Json;
using Madtp.Kit.Text;
using Xunit;

namespace Madtp.Kit.Tests.Text;

/// <summary>150 random texts (all planes, controls, marks, references, long words) as the Python originals normalize them; they need no vocabulary.</summary>
public class PythonNormalizationTests
{
    [Fact]
    public void Bert_words_are_the_originals()
        => AssertAll("bert", new BertNormalizer("[UNK]", ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]).Normalize);

    [Fact]
    public void Clip_words_are_the_originals() => AssertAll("clip", new ClipNormalizer().Normalize);

    [Fact]
    public void Captions_and_questions_are_the_originals()
    {
        AssertAll("caption", text => BlipText.PreCaption(text), trim: false);
        AssertAll("caption3", text => BlipText.PreCaption(text, 3), trim: false);
        AssertAll("question", text => BlipText.PreQuestion(text), trim: false);
        AssertAll("question2", text => BlipText.PreQuestion(text, 2), trim: false);
    }

    private static void AssertAll(string kind, Func<string, string> normalize, bool trim = true)
    {
        var count = 0;
        foreach (var line in File.ReadLines(KitPaths.InRepository("tests", "Text", "python-normalization.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var result = normalize(document.RootElement.GetProperty("text").GetString()!);
            Assert.Equal(document.RootElement.GetProperty(kind).GetString(), trim ? result.TrimEnd(' ') : result);
            count++;
        }

        Assert.Equal(150, count);
    }
}

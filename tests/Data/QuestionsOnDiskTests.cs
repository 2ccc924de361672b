using Madtp.Kit.Data;
using Madtp.Kit.Metrics;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Tests.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data;

public sealed class QuestionsOnDiskTests(Toys toys) : IClassFixture<Toys>
{
    private static readonly int[] Some = [3, 0, 11];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_give_what_the_same_pixels_in_memory_give(bool training)
    {
        using var scope = NewDisposeScope();
        using var files = TinyFiles.QuestionsOf(toys.Data, TinyFiles.Plain);
        using var memory = TinyFiles.QuestionsInMemory(toys.Data);
        Assert.Equal(memory.Count, files.Count);
        Assert.Equal(Some.Select(memory.TextLength), Some.Select(files.TextLength));
        var (expected, actual) = training ? (memory.TrainingBatch(0, Some), files.TrainingBatch(0, Some)) : (memory.Batch(Some), files.Batch(Some));
        Assert.InRange((expected.Images - actual.Images).abs().max().item<float>(), 0, 1e-5f);
        Assert.True(expected.Ids.Equals(actual.Ids));
        Assert.True(expected.Mask.Equals(actual.Mask));
        var (wanted, answers) = (memory.Answers(Some), files.Answers(Some));
        Assert.True(wanted.Ids.Equals(answers.Ids));
        Assert.True(wanted.Mask.Equals(answers.Mask));
        Assert.True(wanted.Weights.Equals(answers.Weights));
        Assert.True(wanted.QuestionOf.Equals(answers.QuestionOf));
    }

    [Fact]
    public void Answers_score_as_they_do_by_the_official_file()
    {
        using var files = TinyFiles.QuestionsOf(toys.Data, TinyFiles.Plain);
        using var memory = TinyFiles.QuestionsInMemory(toys.Data);
        foreach (var given in new[] { "yes", "no", "2", "red", "circle" })
        {
            var expected = VqaAccuracy.Compute([.. memory.Truth], memory.Truth.ToDictionary(question => question.QuestionId, _ => given));
            var actual = VqaAccuracy.Compute([.. files.Truth], files.Truth.ToDictionary(question => question.QuestionId, _ => given));
            Assert.Equal(expected.Overall, actual.Overall, 9);
            Assert.Equal(expected.PerQuestionType, actual.PerQuestionType);
            Assert.Equal(expected.PerAnswerType, actual.PerAnswerType);
        }
    }

    [Fact]
    public void What_has_no_answers_cannot_be_learned_from()
    {
        VqaExample asked = new(17, "Is it red?", "image.jpg", []);
        using var files = new QuestionedImages([asked], new TextEncoding(_ => [1]), new TextEncoding(_ => [1]), TinyFiles.Plain);
        Assert.Contains("question 17", Assert.Throws<InvalidDataException>(() => files.Answers([0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_image_can_be_shown()
    {
        using var scope = NewDisposeScope();
        using var files = TinyFiles.QuestionsOf(toys.Data, TinyFiles.Plain);
        var (own, other) = (files.Batch(Some), files.Batch(Some, shuffle: true));
        Assert.True(own.Ids.Equals(other.Ids));
        Assert.False(own.Images.Equals(other.Images));
    }
}

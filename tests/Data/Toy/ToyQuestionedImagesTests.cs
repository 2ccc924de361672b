using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data.Toy;

public class ToyQuestionedImagesTests
{
    private static readonly ToyCaptionSettings World = new(Seed: 5, TrainImages: 12, DevImages: 6, TestImages: 6, CaptionsPerImage: 2);

    [Fact]
    public void Questions_are_those_of_the_files_and_answers_weigh_by_people()
    {
        using var scope = NewDisposeScope();
        using var split = ToyQuestionedImages.Draw("test", World);
        var pictures = ToyPictures.DrawSplit("test", World, 3_000_000);
        Assert.Equal(pictures.Sum(picture => picture.Questions.Count), split.Count);
        Assert.Equal(3_000_001_002, split.Truth[6].QuestionId);
        Assert.Equal(pictures[1].Questions[2].Answers, split.Truth[6].Answers.Select(answer => answer.Text));
        var (ids, mask, weights, questionOf) = split.Answers([6, 0, 9]);
        Assert.Equal(ids.shape, mask.shape);
        foreach (var question in new[] { 0, 1, 2 })
            Assert.Equal(1, weights.masked_select(questionOf.eq(question)).sum().item<float>(), 5);

        var likeliest = Enumerable.Range(0, (int)weights.shape[0]).Where(i => questionOf[i].item<long>() == 0).MaxBy(i => weights[i].item<float>());
        Assert.Equal(pictures[1].Questions[2].Answer, ToyTokens.Tokenizer.Decode(ids[likeliest].data<long>().ToArray().Select(id => (int)id)));
        Assert.All(ids.select(1, 0).contiguous().data<long>().ToArray(), id => Assert.Equal(ToyTokens.Tokenizer.DecoderId!.Value, id));
    }

    [Fact]
    public void Shuffled_questions_see_another_image()
    {
        using var scope = NewDisposeScope();
        using var split = ToyQuestionedImages.Draw("test", World);
        int[] questions = [0, 5, 11, 20];
        var (images, ids, _) = split.Batch(questions);
        var (others, same, _) = split.Batch(questions, shuffle: true);
        Assert.True(ids.Equals(same));
        Assert.Equal(split.Batch(questions).Images.data<float>().ToArray(), images.data<float>().ToArray());
        for (var i = 0; i < questions.Length; i++)
            Assert.False(images[i].allclose(others[i]));
    }

    [Fact]
    public void Counts_stand_at_the_words_that_name_something()
    {
        using var scope = NewDisposeScope();
        using var split = ToyQuestionedImages.Draw("train", World);
        int[] all = [.. Enumerable.Range(0, split.Count)];
        var counts = split.NamedCounts(all)!;
        var (_, ids, mask) = split.Batch(all);
        Assert.Equal([.. ids.shape, 2], counts.shape);
        Assert.True(counts.masked_select(mask.eq(0).unsqueeze(2).expand_as(counts)).eq(DataSplit.Unnamed).all().item<bool>());
        var many = all.First(question => split.Truth[question].QuestionType == "how many");
        var said = split.Truth[many].Answers.GroupBy(answer => answer.Text).MaxBy(group => group.Count())!.Key;
        Assert.Equal(said, $"{counts[many].max().item<long>()}");
    }

    [Fact]
    public void Candidates_are_the_answers_of_the_training_questions_without_repetition()
    {
        var answers = ToyQuestionedImages.AnswerList(World);
        Assert.Equal(answers.Distinct(), answers);
        Assert.Contains("yes", answers);
    }

    [Fact]
    public void Images_and_answers_must_belong_together()
    {
        Assert.Contains("answers of 0", Assert.Throws<ArgumentException>(() => new QuestionedImages(new byte[12], 2, [[[1]]], [], [])).Message, StringComparison.Ordinal);
    }
}

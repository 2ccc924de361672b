using System.Text.Json;
using Madtp.Kit.Data;
using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class VqaAccuracyTests
{
    [Theory]
    [InlineData("u.s.a.", "usa", "u.s.a.")]
    [InlineData("1,000 people, maybe", "1000 people maybe", "1,000 people, maybe")]
    [InlineData("red/white", "red white", "red/white")]
    [InlineData("red / white", "red  white", "red / white")]
    [InlineData("2.75", "2.75", "2.75")]
    [InlineData("The  Two dont", "The  Two dont", "2 don't")]
    [InlineData("a an the", "a an the", "")]
    [InlineData("somebody'd", "somebody'd", "somebodyd")]
    public void Answers_are_normalized_as_the_evaluation_does(string text, string punctuation, string words)
    {
        Assert.Equal(punctuation, VqaAnswerNormalization.StripPunctuation(text));
        Assert.Equal(words, VqaAnswerNormalization.NormalizeWords(text));
    }

    [Fact]
    public void At_most_32_periods_go() => Assert.Equal("...a", VqaAnswerNormalization.StripPunctuation(new string('.', 35) + "a"));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 30)]
    [InlineData(2, 60)]
    [InlineData(3, 90)]
    [InlineData(4, 100)]
    public void An_answer_counts_by_how_many_gave_it(int agree, double expected)
        => Assert.Equal(expected, Score([.. Enumerable.Repeat("dog", agree), .. Enumerable.Range(0, 10 - agree).Select(i => $"cat {i}")], "dog", VqaVersion.Current));

    [Fact]
    public void The_versions_differ_where_everyone_agrees()
    {
        var people = Enumerable.Repeat("yes", 10).ToArray();
        Assert.Equal(0, Score(people, "Yes.", VqaVersion.Current));
        Assert.Equal(100, Score(people, "Yes.", VqaVersion.From2016));
    }

    [Fact]
    public void Types_are_averaged_apart()
    {
        VqaHumanAnswer[] people = [.. Enumerable.Range(1, 10).Select(i => new VqaHumanAnswer(i < 9 ? "a" : "b", "yes", i))];
        VqaQuestion[] questions = [new(1, "what", "other", people), new(2, "is", "yes/no", people), new(3, "what", "number", people)];
        var scores = VqaAccuracy.Compute(questions, new Dictionary<long, string> { [1] = "b", [2] = "x", [3] = "b" });
        Assert.Equal(40, scores.Overall);
        Assert.Equal([KeyValuePair.Create("what", 60.0), KeyValuePair.Create("is", 0.0)], scores.PerQuestionType);
        Assert.Equal(["other", "yes/no", "number"], scores.PerAnswerType.Select(pair => pair.Key));
    }

    [Fact]
    public void Every_reference_normalization_is_exact()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "vqa_eval", "normalize_cases.json")));
        Assert.True(document.RootElement.GetArrayLength() > 100);
        foreach (var item in document.RootElement.EnumerateArray())
        {
            string Field(string name) => item.GetProperty(name).GetString()!;
            Assert.Equal(Field("punct"), VqaAnswerNormalization.StripPunctuation(Field("text")));
            Assert.Equal(Field("digit_article"), VqaAnswerNormalization.NormalizeWords(Field("text")));
            Assert.Equal(Field("both"), VqaAnswerNormalization.NormalizeWords(VqaAnswerNormalization.StripPunctuation(Field("text"))));
        }
    }

    [Theory]
    [InlineData("genuine_gt", VqaVersion.Current, "expected_head_a013f00")]
    [InlineData("genuine_gt", VqaVersion.From2016, "expected_2016_458a8b2_and_LAVIS")]
    [InlineData("synthetic_edge", VqaVersion.Current, "expected_head_a013f00")]
    [InlineData("synthetic_edge", VqaVersion.From2016, "expected_2016_458a8b2_and_LAVIS")]
    public void Every_reference_score_is_exact(string folder, VqaVersion version, string key)
    {
        string Shared(string file) => KitPaths.Shared("data", "vqa_eval", folder, file);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Shared("expected.json")));
        var expected = document.RootElement.GetProperty(key);
        var scores = VqaAccuracy.ComputeFiles(Shared("results.json"), Shared("annotations.json"), Shared("questions.json"), version);
        Assert.Equal(expected.GetProperty("overall").GetDouble(), scores.Overall);
        Assert.Equal(Map(expected, "perQuestionType"), scores.PerQuestionType);
        Assert.Equal(Map(expected, "perAnswerType"), scores.PerAnswerType);
        Assert.Equal(
            expected.GetProperty("perQuestion").EnumerateArray().Select(item => KeyValuePair.Create(item.GetProperty("question_id").GetInt64(), item.GetProperty("accuracy").GetDouble())),
            scores.PerQuestion);
    }

    [Fact]
    public void Files_that_do_not_fit_are_refused_with_the_question()
    {
        using var folder = new TemporaryFolder();
        var annotations = folder.Write("annotations.json", """{"annotations": [{"question_id": 5, "question_type": "what", "answer_type": "other", "answers": [{"answer": "a", "answer_id": 1}]}]}""");
        string Refusal(string results) => Assert.Throws<InvalidDataException>(() => VqaAccuracy.ComputeFiles(folder.Write("r.json", results), annotations)).Message;
        Assert.Contains("question 5", Refusal("[]"));
        Assert.Contains("question 6", Refusal("""[{"question_id": 5, "answer": "a"}, {"question_id": 6, "answer": "a"}]"""));
        Assert.Contains("r.json, line 1", Refusal("""[{"question_id": 5, "answer": null}]"""));
    }

    [Fact]
    public void Of_two_predictions_for_a_question_the_last_counts()
    {
        using var folder = new TemporaryFolder();
        var people = string.Join(", ", Enumerable.Range(1, 4).Select(i => $$"""{"answer": "dog", "answer_id": {{i}}}"""));
        var annotations = folder.Write("a.json", $$"""{"annotations": [{"question_id": 5, "question_type": "what", "answer_type": "other", "answers": [{{people}}]}]}""");
        var results = folder.Write("r.json", """[{"question_id": 5, "answer": "cat"}, {"question_id": 5, "answer": "dog"}]""");
        Assert.Equal(100, VqaAccuracy.ComputeFiles(results, annotations).Overall);
    }

    // Each line is what Python 3 answers to round(x, 2).
    [Theory]
    [InlineData(0.125, 0.12)]
    [InlineData(0.375, 0.38)]
    [InlineData(2.675, 2.67)]
    [InlineData(1.005, 1.0)]
    [InlineData(62.404999999999994, 62.4)]
    [InlineData(99.995, 100.0)]
    [InlineData(0.005, 0.01)]
    [InlineData(-0.125, -0.12)]
    [InlineData(100, 100)]
    [InlineData(0, 0)]
    [InlineData(1e300, 1e300)]
    [InlineData(5e-324, 0)]
    public void Numbers_are_rounded_by_their_exact_value(double value, double expected) => Assert.Equal(expected, VqaAccuracy.Rounded(value));

    private static double Score(string[] people, string answer, VqaVersion version)
    {
        VqaHumanAnswer[] answers = [.. people.Select((text, i) => new VqaHumanAnswer(text, "yes", i + 1))];
        return VqaAccuracy.Compute([new VqaQuestion(1, "what", "other", answers)], new Dictionary<long, string> { [1] = answer }, version).Overall;
    }

    private static IEnumerable<KeyValuePair<string, double>> Map(JsonElement expected, string name)
        => expected.GetProperty(name).EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.GetDouble()));
}

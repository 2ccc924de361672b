using System.Text.Json;
using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class Nlvr2MetricsTests
{
    [Fact]
    public void A_sentence_is_consistent_when_all_its_pairs_are_right()
    {
        using var folder = new TemporaryFolder();
        var examples = folder.Write("a.json", """
            {"identifier": "dev-1-0-0", "label": "True"}
            {"identifier": "dev-1-1-0", "label": "False"}
            {"identifier": "dev-1-0-1", "label": "True"}
            {"identifier": "dev-2-0-0", "label": "False"}
            """);
        var predictions = folder.Write("p.csv", "dev-1-0-0,true\ndev-1-1-0,True\ndev-1-0-1,TRUE\ndev-2-0-0,False\n");
        var scores = Nlvr2Metrics.ComputeFiles(predictions, examples);
        Assert.Equal((0.75, 2.0 / 3, 4, 3), (scores.Accuracy, scores.Consistency, scores.Examples, scores.Sentences));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("test1")]
    [InlineData("test2")]
    public void Every_reference_score_is_exact(string split)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("data", "nlvr2", "expected_metrics.json")));
        var expected = document.RootElement.GetProperty(split);
        var scores = Nlvr2Metrics.ComputeFiles(KitPaths.Shared("data", "nlvr2", $"{split}.predictions.csv"), KitPaths.Shared("data", "nlvr2", $"{split}.json"));
        Assert.Equal(expected.GetProperty("accuracy").GetDouble(), scores.Accuracy);
        Assert.Equal(expected.GetProperty("consistency").GetDouble(), scores.Consistency);
        Assert.Equal(expected.GetProperty("n").GetInt32(), scores.Examples);
    }

    [Theory]
    [InlineData("\"True\"", "True")]
    [InlineData("\"true\"", "1")]
    [InlineData("\" True\"", "TRUE ")]
    [InlineData("true", " true")]
    [InlineData("1", "True")]
    [InlineData("\"1\"", "True")]
    public void Labels_are_read_in_the_forms_in_use(string annotated, string predicted)
    {
        using var folder = new TemporaryFolder();
        var not = annotated.Replace("rue", "alse").Replace('T', 'F').Replace("t", "f").Replace('1', '0');
        var examples = folder.Write("a.json",
            $$"""{"identifier": "dev-1-0-0", "label": {{annotated}}}""" + "\n" + $$"""{"identifier": "dev-1-0-1", "label": {{not}}}""");
        double Accuracy(string first, string second) =>
            Nlvr2Metrics.ComputeFiles(folder.Write("p.csv", $"dev-1-0-0,{first}\ndev-1-0-1,{second}\n"), examples).Accuracy;
        Assert.Equal(1, Accuracy(predicted, "False"));
        Assert.Equal(0.5, Accuracy(predicted, predicted));
        Assert.Equal(0, Accuracy(" 0", predicted));
    }

    [Fact]
    public void Wrong_lines_are_named()
    {
        using var folder = new TemporaryFolder();
        string Refusal(string predictions, string annotations) => Assert.Throws<InvalidDataException>(
            () => Nlvr2Metrics.ComputeFiles(folder.Write("p.csv", predictions), folder.Write("a.json", annotations))).Message;
        const string example = """{"identifier": "dev-1-0-0", "label": "True"}""";
        Assert.Contains("p.csv, line 2", Refusal("dev-1-0-0,True\nnonsense\n", example));
        Assert.Contains("p.csv, line 1: the label must be True or False, 1 or 0, not 'maybe'", Refusal("dev-1-0-0,maybe\n", example));
        Assert.Contains("a.json, line 1: \"label\" must be True or False, 1 or 0, not 2", Refusal("dev-1-0-0,True\n", example.Replace("\"True\"", "2")));
        Assert.Contains("dev-1-0-0", Refusal("dev-9-9-9,True\n", example));
        Assert.Contains("a.json, line 2", Refusal("dev-1-0-0,True\n", example + "\n{]\n"));
        Assert.Contains("a.json, line 1", Refusal("dev-1-0-0,True\n", """{"sentence": "no label"}"""));
        Assert.Contains("split-set-pair-sentence", Refusal("x,True\n", """{"identifier": "x", "label": "True"}"""));
    }
}

using System.Text.Json;
using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class CaptionMetricsTests
{
    private static readonly TokenizedCaption[] Small =
    [
        new(1, "a dog runs on grass", ["a dog runs on the grass", "a brown dog is running"]),
        new(2, "two cats", ["two cats sleep on a bed", "cats on a bed"]),
        new(3, "", ["a man", ""]),
        new(4, "the the the", ["the man rides a horse"]),
    ];

    public static TheoryData<string> Folders => ["coco_fakecap126", "coco_human_loo100", "coco_val2017_degenerate100", "edge_cases", "flickr30k_blip_ic100"];

    // The numbers are those of a slow Python transcription of the definitions on the four captions above.
    [Fact]
    public void Small_captions_score_as_the_reference_scores_them()
    {
        var scores = CaptionMetrics.Compute(new CaptionSet(Small));
        Assert.Equal(0.5362560367212605, scores.Bleu[0], 12);
        Assert.Equal(0.4532190710491131, scores.Bleu[1], 12);
        Assert.Equal(0.40984803259450714, scores.Bleu[2], 12);
        Assert.Equal(0.38974467823535813, scores.Bleu[3], 12);
        Assert.Equal(0.6480726138271329, scores.RougeL, 12);
        Assert.Equal(1.379378915868048, scores.Cider, 12);
        Assert.Null(scores.Meteor);
        Assert.Null(scores.Spice);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_reference_set_agrees(string folder)
    {
        string Shared(string file) => KitPaths.Shared("data", "caption_eval", folder, file);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Shared("expected.json")));
        using var tokenized = JsonDocument.Parse(File.ReadAllBytes(Shared("tokenized.json")));
        var captions = CaptionSet.Read(Shared("results.json"), Shared("gt.json"));
        Assert.All(captions.Tokenize(), caption =>
        {
            Assert.Equal(Texts(tokenized, "res", caption.ImageId), [caption.Hypothesis]);
            Assert.Equal(Texts(tokenized, "gts", caption.ImageId), caption.References);
        });
        var scores = CaptionMetrics.Compute(captions);
        AssertScores(expected.RootElement.GetProperty("overall"), scores.Bleu, scores.RougeL, scores.Cider);
        var images = expected.RootElement.GetProperty("per_image").EnumerateArray().ToArray();
        Assert.Equal(images.Select(image => image.GetProperty("image_id").GetInt64()), scores.Images.Select(image => image.ImageId));
        foreach (var (image, actual) in images.Zip(scores.Images))
            AssertScores(image, actual.Scores.Bleu, actual.Scores.RougeL, actual.Scores.Cider);
    }

    [Fact]
    public void Files_that_do_not_fit_are_refused_with_the_image()
    {
        using var folder = new TemporaryFolder();
        var annotations = folder.Write("gt.json", """{"images": [{"id": 1}, {"id": 2}], "annotations": [{"image_id": 1, "caption": "a"}, {"image_id": 2, "caption": "b"}]}""");
        string Refusal(string results) => Assert.Throws<InvalidDataException>(() => CaptionSet.Read(folder.Write("results.json", results), annotations)).Message;
        Assert.Contains("2", Refusal("""[{"image_id": 1, "caption": "a"}]"""));
        Assert.Contains("image 7", Refusal("""[{"image_id": 7, "caption": "a"}]"""));
        Assert.Contains("two captions", Refusal("""[{"image_id": 1, "caption": "a"}, {"image_id": 1, "caption": "b"}]"""));
        Assert.Contains("results.json, line 2", Refusal("[{\"image_id\": 1, \"caption\": \"a\"},\n{\"image_id\": \"x\"}]"));
        Assert.Contains("caption", Refusal("""[{"image_id": 1}]"""));
        Assert.Single(CaptionSet.Read(folder.Write("results.json", """[{"image_id": 1, "caption": "a"}]"""), annotations, subset: true).Images);
    }

    [Fact]
    public void An_image_that_is_listed_twice_counts_once()
    {
        using var folder = new TemporaryFolder();
        const string annotations = """
            "annotations": [{"image_id": 1, "caption": "a dog runs on grass"}, {"image_id": 2, "caption": "two cats sleep on a sofa"},
            {"image_id": 3, "caption": "a man rides a horse"}, {"image_id": 1, "caption": "the dog is running"}]}
            """;
        var results = folder.Write("r.json", """
            [{"image_id": 3, "caption": "a man on a horse"}, {"image_id": 1, "caption": "a dog runs"}, {"image_id": 2, "caption": "cats on a sofa"}]
            """);
        CaptionSet Read(string images) => CaptionSet.Read(results, folder.Write("a.json", "{" + images + annotations));
        var (once, twice) = (Read("\"images\": [{\"id\": 2}, {\"id\": 1}, {\"id\": 3}],"), Read("\"images\": [{\"id\": 2}, {\"id\": 1}, {\"id\": 2}, {\"id\": 3}, {\"id\": 1}],"));
        Assert.Equal([2, 1, 3], twice.Images.Select(image => image.ImageId));
        Assert.Equal(["a dog runs on grass", "the dog is running"], twice.Images[1].References);
        Assert.Equal(CaptionMetrics.Compute(once).Cider, CaptionMetrics.Compute(twice).Cider);
        Assert.Equal([1, 2, 3], Read("").Images.Select(image => image.ImageId));
    }

    [Fact]
    public void Numbers_in_quotes_are_numbers()
    {
        using var folder = new TemporaryFolder();
        var annotations = folder.Write("gt.json", """{"images": [{"id": "1"}], "annotations": [{"image_id": "1", "caption": "a"}]}""");
        var set = CaptionSet.Read(folder.Write("results.json", """[{"image_id": "1", "caption": "b"}]"""), annotations);
        Assert.Equal(1, Assert.Single(set.Images).ImageId);
    }

    private static IEnumerable<string> Texts(JsonDocument tokenized, string kind, long image)
        => tokenized.RootElement.GetProperty(kind).GetProperty(image.ToString()).EnumerateArray().Select(text => text.GetString()!);

    private static void AssertScores(JsonElement expected, IReadOnlyList<double> bleu, double rouge, double cider)
    {
        for (var n = 0; n < 4; n++)
            AssertClose(expected.GetProperty($"Bleu_{n + 1}").GetDouble(), bleu[n]);

        AssertClose(expected.GetProperty("ROUGE_L").GetDouble(), rouge);
        AssertClose(expected.GetProperty("CIDEr").GetDouble(), cider);
    }

    private static void AssertClose(double expected, double actual) => Assert.InRange(actual - expected, -1e-9 * (1 + Math.Abs(expected)), 1e-9 * (1 + Math.Abs(expected)));
}

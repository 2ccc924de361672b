using System.Text.Json.Nodes;
using Madtp.Kit.Cli.Verbs;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class ScoreVerbTests
{
    [Fact]
    public void Nlvr2_is_scored_from_its_files()
    {
        using var folder = new TemporaryFolder();
        var predictions = folder.Write("p.csv", "dev-1-0-0,True\ndev-1-1-0,True\n");
        var annotations = folder.Write("a.json", "{\"identifier\": \"dev-1-0-0\", \"label\": \"True\"}\n{\"identifier\": \"dev-1-1-0\", \"label\": \"False\"}\n");
        var scores = Json("nlvr2", "--predictions", predictions, "--annotations", annotations);
        Assert.Equal((0.5, 0.0, 2, 1), ((double)scores["accuracy"]!, (double)scores["consistency"]!, (int)scores["n"]!, (int)scores["sentences"]!));
    }

    [Fact]
    public void Captions_are_scored_under_the_fields_names()
    {
        using var folder = new TemporaryFolder();
        var results = folder.Write("r.json", """[{"image_id": 1, "caption": "A dog runs."}]""");
        var annotations = folder.Write("a.json", """{"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a dog runs"}]}""");
        var scores = Json("caption", "--results", results, "--annotations", annotations, "--per-image");
        Assert.Equal(1, (double)scores["Bleu_3"]!, 6);
        Assert.Equal(1, (double)scores["ROUGE_L"]!, 6);
        Assert.Null(scores["METEOR"]);
        Assert.Equal(1, (int)scores["per_image"]![0]!["image_id"]!);
    }

    [Fact]
    public void Vqa_and_retrieval_are_scored_from_their_files()
    {
        using var folder = new TemporaryFolder();
        var annotations = folder.Write("a.json", """{"annotations": [{"question_id": 5, "question_type": "what", "answer_type": "other", "answers": [{"answer": "a dog", "answer_id": 1}, {"answer": "dog", "answer_id": 2}]}]}""");
        var vqa = Json("vqa", "--results", folder.Write("r.json", """[{"question_id": 5, "answer": "dog"}]"""), "--annotations", annotations);
        Assert.Equal(33.33, (double)vqa["overall"]!);
        Assert.Equal(33.33, (double)vqa["perAnswerType"]!["other"]!);
        var retrieval = Json("retrieval", "--scores", folder.Write("s.json", "[[1, 0]]"), "--annotations", folder.Write("c.json", """[{"image": "x", "caption": ["a", "b"]}]"""));
        Assert.Equal(100, (double)retrieval["r_mean"]!);
    }

    [Fact]
    public void Input_that_cannot_be_used_is_named()
    {
        var parsed = ScoreVerb.Create().Parse(["caption", "--results", "nowhere.json", "--annotations", "nowhere.json"]);
        var error = Assert.Throws<FileNotFoundException>(() => parsed.Invoke(new() { EnableDefaultExceptionHandler = false }));
        Assert.Contains("nowhere.json", error.Message);
    }

    private static JsonNode Json(params string[] arguments)
    {
        var output = new StringWriter();
        Assert.Equal(0, ScoreVerb.Create().Parse([.. arguments, "--json"]).Invoke(new() { EnableDefaultExceptionHandler = false, Output = output }));
        return JsonNode.Parse(output.ToString())!;
    }
}

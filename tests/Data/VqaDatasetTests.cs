using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class VqaDatasetTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kit-vqa-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("v2_OpenEnded_mscoco_train2014_questions.subset.json", "v2_mscoco_train2014_annotations.subset.json", 200)]
    [InlineData("allennlp_v2_OpenEnded_mscoco_questions.json", "allennlp_v2_mscoco_annotations.json", 3)]
    public void Official_files_are_read(string questions, string annotations, int count)
    {
        using var dataset = VqaDataset.OpenOfficial(Sample(questions), Sample(annotations), "coco");
        Assert.Equal(count, dataset.Count);
        Assert.All(dataset, e =>
        {
            Assert.Equal(1, e.Answers.Sum(a => a.Weight), 4);
            Assert.StartsWith(Path.Combine("coco", "train2014", "COCO_train2014_"), e.ImagePath);
            Assert.Contains(e.AnswerType, new[] { "yes/no", "number", "other", null });
        });
    }

    [Fact]
    public void BLIPs_form_says_the_same_as_the_official_one()
    {
        using var official = VqaDataset.OpenOfficial(Sample("v2_OpenEnded_mscoco_train2014_questions.subset.json"), Sample("v2_mscoco_train2014_annotations.subset.json"), "coco");
        using var blip = VqaDataset.OpenBlip(Sample("vqa_train.derived.json"), "coco");
        Assert.Equal(official.Count, blip.Count);
        for (var i = 0; i < blip.Count; i++)
        {
            Assert.Equal((official[i].QuestionId, official[i].Question, official[i].ImagePath), (blip[i].QuestionId, blip[i].Question, blip[i].ImagePath));
            Assert.Equal(official[i].Answers, blip[i].Answers);
        }
    }

    [Fact]
    public void Answers_are_weighed_by_how_many_gave_them()
    {
        using var blip = VqaDataset.OpenBlip(Sample("vqa_train.derived.json"), "coco");
        var answers = blip[0].Answers; // woman person everyone woman man everyone "lady in yellow and red" girl woman girl
        Assert.Equal(["woman", "person", "everyone", "man", "lady in yellow and red", "girl"], answers.Select(a => a.Text));
        Assert.Equal([0.3f, 0.1f, 0.2f, 0.1f, 0.1f, 0.2f], answers.Select(a => a.Weight));
    }

    [Fact]
    public void Questions_without_answers_are_read()
    {
        using var test = VqaDataset.OpenBlip(Sample("vqa_test.derived.json"), "coco");
        Assert.All(test, e => Assert.Empty(e.Answers));
        using var official = VqaDataset.OpenOfficial(Sample("allennlp_v2_OpenEnded_mscoco_questions.json"), null, "coco");
        Assert.All(official, e => Assert.Empty(e.Answers));
    }

    [Fact]
    public void An_answer_that_is_none_is_named()
    {
        var questions = Write("q.json", """{"data_subtype": "val2014", "questions": [{"question_id": 1, "image_id": 2, "question": "what?"}]}""");
        var annotations = Write("a.json", """{"annotations": [{"question_id": 1, "answers": [{"answer": "a"}, null]}]}""");
        using var official = VqaDataset.OpenOfficial(questions, annotations, "coco");
        Assert.EndsWith(
            "a.json, line 1: $.answers[1] is of another kind", Assert.Throws<InvalidDataException>(() => official[0]).Message);
    }

    [Fact]
    public void Visual_Genome_is_read_in_BLIPs_form()
    {
        using var blip = VqaDataset.OpenBlip(Sample("vg_qa.derived.json"), "coco", "vg");
        Assert.All(blip, e => Assert.Equal(0.2f, Assert.Single(e.Answers).Weight));
        Assert.Equal(Path.Combine("vg", "image", "4.jpg"), blip[0].ImagePath);
        Assert.Equal("sailboats", blip[0].Answers[0].Text);
    }

    [Fact]
    public void Parts_follow_one_another()
    {
        using var all = VqaDataset.Concatenate(VqaDataset.OpenBlip(Sample("vqa_train.derived.json"), "coco"), VqaDataset.OpenBlip(Sample("vg_qa.derived.json"), "coco", "vg"));
        Assert.Equal(208, all.Count);
        Assert.Equal(8, all.Count(e => e.ImagePath.StartsWith("vg", StringComparison.Ordinal)));
        Assert.Throws<ArgumentOutOfRangeException>(() => all[208]);
    }

    [Fact]
    public void The_answer_list_is_read()
    {
        Assert.Equal(300, AnswerList.Load(Sample("answer_list.derived.json")).Count);
        Assert.Contains("answers.json", Assert.Throws<InvalidDataException>(() => AnswerList.Load(Write("answers.json", "{}"))).Message);
        Assert.Throws<InvalidDataException>(() => AnswerList.Load(Write("answers.json", "[]")));
        Assert.Equal(["yes"], AnswerList.Load(Write("answers.json", "\uFEFF[\"yes\"]")));
        Assert.Throws<FileNotFoundException>(() => AnswerList.Load(Path.Combine(folder, "gone.json")));
    }

    [Fact]
    public void Faults_are_named()
    {
        var questions = Write("q.json", "{\"data_subtype\": \"val2014\", \"questions\": [{\"question_id\": 1, \"image_id\": 3, \"question\": \"x\"}]}");
        Assert.Contains("no answers to question 1", Assert.Throws<InvalidDataException>(() => VqaDataset.OpenOfficial(questions, Write("a.json", "{\"annotations\": []}"), "coco")).Message);
        Assert.Contains("a.json, line 1: no \"question_id\"", Assert.Throws<InvalidDataException>(() => VqaDataset.OpenOfficial(questions, Write("a.json", "{\"annotations\": [{}]}"), "coco")).Message);
        Assert.Contains("data_subtype", Assert.Throws<InvalidDataException>(() => VqaDataset.OpenOfficial(Write("q2.json", "{\"questions\": []}"), null, "coco")).Message);
        Assert.Contains("q2.json: no question", Assert.Throws<InvalidDataException>(() => VqaDataset.OpenOfficial(Write("q2.json", "{\"data_subtype\": \"val2014\", \"questions\": []}"), null, "coco")).Message);
        Assert.Contains("e.json: no question", Assert.Throws<InvalidDataException>(() => VqaDataset.OpenBlip(Write("e.json", "[]"), "coco")).Message);
        using var vg = VqaDataset.OpenBlip(Write("v.json", "[\n{\"question_id\": 1, \"question\": \"x\", \"image\": \"i\", \"dataset\": \"vg\", \"answer\": \"y\"}]"), "coco");
        Assert.Contains("line 2: a Visual Genome entry", Assert.Throws<InvalidDataException>(() => vg[0]).Message);
        Assert.Throws<FileNotFoundException>(() => VqaDataset.OpenBlip(Path.Combine(folder, "gone.json"), "coco"));
    }

    [Fact]
    public void Questions_can_be_read_from_several_threads()
    {
        using var dataset = VqaDataset.OpenBlip(Sample("vqa_train.derived.json"), "coco");
        var expected = dataset.Select(e => e.QuestionId).ToArray();
        var read = new long[expected.Length];
        Parallel.For(0, read.Length, i => read[i] = dataset[i].QuestionId);
        Assert.Equal(expected, read);
    }

    [Fact]
    public void Test_development_questions_ask_about_test_images()
    {
        var questions = Write("q.json", "{\"questions\": [{\"question_id\": 1, \"image_id\": 3, \"question\": \"x\"}], \"data_subtype\": \"test-dev2015\"}");
        using var dataset = VqaDataset.OpenOfficial(questions, null, "coco");
        Assert.Equal(Path.Combine("coco", "test2015", "COCO_test2015_000000000003.jpg"), dataset[0].ImagePath);
    }

    private static string Sample(string name) => KitPaths.Shared("data", "vqa", name);

    private string Write(string name, string content)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}

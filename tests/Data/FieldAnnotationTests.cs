using System.Text;
using Madtp.Kit.Data;
using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Data;

/// <summary>What old downloads hold: every reader of annotations names file, line and property, or reads on.</summary>
public class FieldAnnotationTests
{
    private const string Coco = """{"annotations": [{"image_id": 1, "caption": "a dog"}]}""";
    private const string Vqa =
        """{"annotations": [{"question_id": 1, "question_type": "x", "answer_type": "x", "answers": [{"answer": "yes"}]}]}""";

    // A reader, a good file for it, and the property of the last line whose text is broken (it is "VALUE" in the file).
    public static TheoryData<string, string, string> Readers => new()
    {
        { "nlvr2", "\n{\"sentence\": \"VALUE\", \"label\": \"True\", \"identifier\": \"dev-1-0-0\"}", "sentence" },
        { "nlvr2", "\n{\"sentence\": \"x\", \"label\": \"VALUE\", \"identifier\": \"dev-1-0-0\"}", "label" },
        { "nlvr2", "\n{\"sentence\": \"x\", \"label\": \"True\", \"identifier\": \"VALUE\"}", "identifier" },
        { "nlvr2", "\n{\"sentence\": \"x\", \"label\": \"True\", \"identifier\": \"dev-1-0-0\", \"directory\": \"VALUE\"}", "directory" },
        { "nlvr2", "[\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"a\", \"VALUE\"]}]", "images" },
        { "captions", "[\n{\"image\": \"a.jpg\", \"caption\": [\"x\", \"VALUE\"]}]", "caption" },
        { "captions", "[\n{\"image\": \"VALUE\", \"caption\": [\"x\"]}]", "image" },
        { "captions", "{\"images\": [\n{\"split\": \"test\", \"filename\": \"a.jpg\", \"sentences\": [{\"raw\": \"VALUE\"}]}]}", "raw" },
        { "captions", "{\"images\": [\n{\"split\": \"VALUE\", \"filename\": \"a.jpg\", \"sentences\": []}]}", "split" },
        { "rows", "[\n{\"image\": \"a.jpg\", \"caption\": \"VALUE\", \"image_id\": \"a\"}]", "caption" },
        { "rows", "[\n{\"image\": \"a.jpg\", \"caption\": \"x\", \"image_id\": \"VALUE\"}]", "image_id" },
        { "blip vqa", "[\n{\"question_id\": 1, \"question\": \"VALUE\", \"image\": \"a.jpg\", \"dataset\": \"vqa\", \"answer\": [\"x\"]}]", "question" },
        { "blip vqa", "[\n{\"question_id\": \"VALUE\", \"question\": \"x\", \"image\": \"a.jpg\", \"dataset\": \"vqa\"}]", "question_id" },
        { "questions", "{\"data_subtype\": \"val2014\", \"questions\": [\n{\"question_id\": 1, \"image_id\": 1, \"question\": \"VALUE\"}]}", "question" },
        { "questions", "{\"data_subtype\": \"val2014\", \"questions\": [\n{\"question_id\": \"VALUE\", \"image_id\": 1}]}", "question_id" },
        { "truth", "{\"annotations\": [\n{\"image_id\": 1, \"caption\": \"VALUE\"}]}", "caption" },
        { "caption results", "[\n{\"image_id\": 1, \"caption\": \"VALUE\"}]", "caption" },
        { "vqa results", "[\n{\"question_id\": 1, \"answer\": \"VALUE\"}]", "answer" },
        { "vqa annotations", "{\"annotations\": [\n{\"question_id\": 1, \"question_type\": \"x\", \"answer_type\": \"x\", \"answers\": [{\"answer\": \"VALUE\"}]}]}", "answer" },
        { "answers", "[\"yes\",\n\"VALUE\"]", "" },
        { "nlvr2 scores", "\n{\"label\": true, \"identifier\": \"VALUE\"}", "identifier" },
    };

    [Theory]
    [MemberData(nameof(Readers))]
    public void Half_a_character_and_Latin_1_are_named(string reader, string content, string property)
    {
        using var folder = new TemporaryFolder();
        foreach (var (text, reason) in new[] { ("caf\\ud800", "half a character"), ("\\udc00", "half a character"), ("caf\u00e9", "UTF-8") })
        {
            var path = folder.Write("file.json", Encoding.Latin1.GetBytes(content.Replace("VALUE", text, StringComparison.Ordinal)));
            var message = Assert.Throws<InvalidDataException>(() => Read(reader, path, folder)).Message;
            Assert.StartsWith($"{path}, line 2: ", message);
            if (property.Length > 0)
            {
                Assert.Contains($"\"{property}\" ", message);
                Assert.Contains(reason, message);
            }
        }
    }

    // As they come from Windows' editors, hand-made lists and broken downloads.
    [Theory]
    [InlineData("", "empty")]
    [InlineData("{\"annotations\": [{\"image_id\": 1, \"caption\": \"x\"},]}", "a trailing comma at the end which is not supported)")]
    [InlineData("utf-16", "iconv -f utf-16 -t utf-8")]
    [InlineData("utf-16BE", "iconv -f utf-16 -t utf-8")]
    public void What_is_wrong_with_the_whole_file_is_said_without_a_programmers_words(string content, string said)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("file.json");
        if (content.StartsWith("utf", StringComparison.Ordinal))
            File.WriteAllText(path, Coco, Encoding.GetEncoding(content));
        else
            File.WriteAllText(path, content);

        var message = Assert.Throws<InvalidDataException>(() => Read("truth", path, folder)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains(said, message);
        Assert.DoesNotContain("options", message);
    }

    [Fact]
    public void An_example_that_is_predicted_both_ways_is_an_error_and_twice_the_same_is_none()
    {
        using var folder = new TemporaryFolder();
        var truth = folder.Write("dev.json", "{\"identifier\": \"dev-0-0-0\", \"label\": \"True\"}");
        var path = folder.Write("same.csv", "dev-0-0-0,True\ndev-0-0-0,1\n");
        Assert.Equal(1, Nlvr2Metrics.ComputeFiles(path, truth).Accuracy);
        path = folder.Write("both.csv", "dev-0-0-0,True\ndev-0-0-0,False\n");
        var message = Assert.Throws<InvalidDataException>(() => Nlvr2Metrics.ComputeFiles(path, truth)).Message;
        Assert.Equal($"{path}, line 2: 'dev-0-0-0' is predicted False here and True before", message);
    }

    // What nobody asks for does not matter.
    [Fact]
    public void A_broken_text_beside_what_is_read_does_no_harm_and_a_broken_name_is_told()
    {
        using var folder = new TemporaryFolder();
        var json = "{\"info\": \"caf\u00e9\", \"caf\u00e9\": 1, \"\\ud800\": 2, \"annotations\": [{\"caf\u00e9\": 1, \"more\": \"\u00e9\", \"image_id\": 1, \"caption\": \"a dog\"}]}";
        Assert.Equal("a dog", CaptionImages.LoadTruth(folder.Write("a.json", Encoding.Latin1.GetBytes(json)))[1].Single());
        Assert.Single(CaptionSet.Read(folder.Write("r.json", "[{\"image_id\": 1, \"caption\": \"dog\"}]"), folder.File("a.json")).Images);
        var path = folder.Write("b.json", "{\"annotations\": [\n{\"\\ud800\": 1, \"image_id\": 1, \"caption\": \"a dog\"}]}");
        Assert.Equal(
            $"{path}, line 2: a name or text has half a character, or is not UTF-8; mend it there",
            Assert.Throws<InvalidDataException>(() => CaptionImages.LoadTruth(path)).Message);
    }

    [Theory]
    [InlineData("../../x.jpg")]
    [InlineData("../x/y.jpg")]
    [InlineData("/x.jpg")]
    [InlineData("a/../../x.jpg")]
    [InlineData("images/../../x.jpg")]
    [InlineData("")]
    [InlineData("a/..")]
    [InlineData("x\\u0000.jpg")]
    [InlineData("\\u001b[2J.jpg")]
    public void An_image_name_that_leaves_its_folder_is_refused(string name)
    {
        using var folder = new TemporaryFolder();
        foreach (var (reader, content) in new[]
        {
            ("nlvr2", "[\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"a\", \"VALUE\"]}]"),
            ("nlvr2", "[\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"VALUE\", \"a\"]}]"),
            ("captions", "[\n{\"image\": \"VALUE\", \"caption\": [\"x\"]}]"),
            ("captions", "{\"images\": [\n{\"split\": \"test\", \"filename\": \"VALUE\", \"sentences\": [{\"raw\": \"x\"}]}]}"),
            ("rows", "[\n{\"image\": \"VALUE\", \"caption\": \"x\", \"image_id\": \"a\"}]"),
            ("blip vqa", "[\n{\"question_id\": 1, \"question\": \"x\", \"image\": \"VALUE\", \"dataset\": \"vqa\", \"answer\": [\"x\"]}]"),
        })
        {
            var path = folder.Write("file.json", content.Replace("VALUE", name, StringComparison.Ordinal));
            var message = Assert.Throws<InvalidDataException>(() => Read(reader, path, folder)).Message;
            Assert.StartsWith($"{path}, line 2: '", message);
            Assert.Contains("no name of a file within the folder of images", message);
        }
    }

    [Fact]
    public void A_split_or_directory_that_leaves_the_folder_is_refused()
    {
        using var folder = new TemporaryFolder();
        var questions = folder.Write("file.json", "{\"data_subtype\": \"../../x\", \"questions\": [{\"question_id\": 1, \"image_id\": 1, \"question\": \"x\"}]}");
        Assert.Contains("no name of a file", Assert.Throws<InvalidDataException>(() => Read("questions", questions, folder)).Message);
        var examples = folder.Write("file.json", "{\"sentence\": \"x\", \"label\": \"True\", \"identifier\": \"..-1-0-0\", \"directory\": \"../..\"}");
        Assert.Contains("no name of a file", Assert.Throws<InvalidDataException>(() => Read("nlvr2", examples, folder)).Message);
    }

    [Fact]
    public void Braces_in_an_identifier_are_letters()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("dev.json", """{"sentence": "x", "label": "True", "identifier": "d{7}v{-1-{0}-0", "directory": "{1}"}""");
        Assert.Equal(folder.File("images/d{7}v{/{1}/d{7}v{-1-{0}-img0.png"), Nlvr2Dataset.Load(path, folder.Path)[0].LeftImagePath);
    }

    // Python takes the last of two, and so does whoever joins by number here.
    [Fact]
    public void Of_a_property_that_stands_twice_the_last_counts_everywhere()
    {
        using var folder = new TemporaryFolder();
        var questions = folder.Write("q.json", """{"data_subtype": "val2014", "questions": [{"question_id": 1, "question_id": 2, "image_id": 1, "question": "x"}]}""");
        var annotations = folder.Write("a.json", """{"annotations": [{"question_id": 1, "answers": [{"answer": "one"}]}, {"question_id": 2, "answers": [{"answer": "two"}], "sub": {"question_id": 1}}]}""");
        using var asked = VqaDataset.OpenOfficial(questions, annotations, folder.Path);
        Assert.Equal((2, "two"), (asked[0].QuestionId, asked[0].Answers.Single().Text));
    }

    [Fact]
    public void Names_from_a_file_do_not_reach_the_terminal()
    {
        using var folder = new TemporaryFolder();
        foreach (var (reader, content) in new[]
        {
            ("nlvr2", "{\"sentence\": \"x\", \"label\": \"True\", \"identifier\": \"VALUE\"}"),
            ("nlvr2 scores", "{\"label\": \"True\", \"identifier\": \"VALUE\"}"),
            ("nlvr2 scores", "{\"label\": \"True\", \"identifier\": \"a-b-c-VALUE\"}"),
            ("blip vqa", "[{\"question_id\": 1, \"question\": \"x\", \"image\": \"a\", \"dataset\": \"VALUE\"}]"),
        })
        {
            var name = "\\u001b[2J\\u009b" + new string('x', 1000);
            var path = folder.Write("file.json", content.Replace("VALUE", name, StringComparison.Ordinal));
            var message = Assert.Throws<InvalidDataException>(() => Read(reader, path, folder)).Message;
            Assert.Contains("\\u001b[2J\\u009bxx", message);
            Assert.DoesNotContain(message, char.IsControl);
            Assert.InRange(message.Length, 0, 400);
        }
    }

    private static void Read(string reader, string path, TemporaryFolder folder)
    {
        switch (reader)
        {
            case "nlvr2": Nlvr2Dataset.Load(path, "images"); break;
            case "nlvr2 scores": Nlvr2Metrics.ComputeFiles(folder.Write("p.csv", "dev-1-0-0,True\n"), path); break;
            case "captions": CaptionImages.Load(path, "images", File.ReadAllText(path).StartsWith('{') ? ["test"] : []); break;
            case "rows": CaptionImages.LoadRows(path, "images"); break;
            case "blip vqa":
                using (var questions = VqaDataset.OpenBlip(path, "images"))
                    _ = questions[0];

                break;
            case "questions":
                using (var questions = VqaDataset.OpenOfficial(path, null, "images"))
                    _ = questions[0];

                break;
            case "truth": CaptionImages.LoadTruth(path); break;
            case "caption results": CaptionSet.Read(path, folder.Write("a.json", Coco)); break;
            case "vqa results": VqaAccuracy.ComputeFiles(path, folder.Write("a.json", Vqa)); break;
            case "vqa annotations": VqaAccuracy.ReadQuestions(path); break;
            case "answers": AnswerList.Load(path); break;
            default: throw new ArgumentException(reader);
        }
    }
}

using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class Nlvr2DatasetTests : IDisposable
{
    private const string Good = """{"sentence": "One dog.", "label": "True", "identifier": "dev-7-2-1", "synset": "dog", "left_url": "http://x/y"}""";
    private readonly string folder = Directory.CreateTempSubdirectory("kit-nlvr2-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("dev.json", 200, 58)]
    [InlineData("test1.json", 60, null)]
    [InlineData("test2.json", 40, null)]
    [InlineData("allennlp_tiny-dev.json", 8, null)]
    public void Genuine_files_are_read(string name, int count, int? groups)
    {
        var dataset = Nlvr2Dataset.Load(KitPaths.Shared("data", "nlvr2", name));
        Assert.Equal(count, dataset.Count);
        Assert.Equal(count, dataset.Select(e => e.Identifier).Distinct().Count());
        if (groups is not null)
            Assert.Equal(groups, dataset.Select(e => e.Group).Distinct().Count());
    }

    [Fact]
    public void BLIPs_form_says_the_same_as_the_original()
    {
        var original = Nlvr2Dataset.Load(KitPaths.Shared("data", "nlvr2", "dev.json"));
        var blip = Nlvr2Dataset.Load(KitPaths.Shared("data", "nlvr2", "nlvr_dev.derived.json"));
        Assert.Equal(original.Select(e => (e.Sentence, e.Label, Path.GetFileName(e.LeftImagePath), Path.GetFileName(e.RightImagePath))),
            blip.Select(e => (e.Sentence, e.Label, Path.GetFileName(e.LeftImagePath), Path.GetFileName(e.RightImagePath))));
        Assert.Equal(Groups(original), Groups(blip));

        static IEnumerable<string> Groups(IReadOnlyList<Nlvr2Example> dataset)
            => dataset.GroupBy(e => e.Group).Select(g => string.Join(' ', g.Select(e => Path.GetFileName(e.LeftImagePath)))).Order();
    }

    [Theory]
    [InlineData("images/dev/dev-7-2-img0.png")]
    [InlineData("dev/dev-7-2-img0.png")]
    [InlineData("dev-7-2-img0.png")]
    public void Images_are_found_in_each_usual_place(string place)
    {
        Touch(place);
        var example = Assert.Single(Nlvr2Dataset.Load(Write(Good)));
        Assert.Equal(Path.Combine(folder, place), example.LeftImagePath);
        Assert.Equal(Path.Combine(folder, place.Replace("img0", "img1")), example.RightImagePath);
        Assert.Equal(("One dog.", true, "dev-7-2-1", "dog", "dev-7-1"), (example.Sentence, example.Label, example.Identifier, example.Synset, example.Group));
    }

    [Theory]
    [InlineData("images/train/31/train-7-2-img0.png")]
    [InlineData("train/31/train-7-2-img0.png")]
    public void Training_images_lie_in_numbered_folders(string place)
    {
        Touch(place);
        var example = Assert.Single(Nlvr2Dataset.Load(Write(Good.Replace("dev-", "train-").Replace("{", "{\"directory\": 31, "))));
        Assert.Equal(Path.Combine(folder, place), example.LeftImagePath);
    }

    [Fact]
    public void A_first_image_that_is_missing_does_not_decide_where_the_others_are()
    {
        Touch("dev/dev-8-2-img0.png");
        var examples = Nlvr2Dataset.Load(Write($"{Good}\n{Good.Replace("dev-7", "dev-8")}"));
        Assert.Equal(Path.Combine(folder, "dev", "dev-8-2-img0.png"), examples[1].LeftImagePath);
        Touch("images/sub/b.png");
        const string row = """{"sentence": "x", "label": "True", "images": ["sub/a.png", "sub/b.png"]}""";
        Assert.Equal(Path.Combine(folder, "images", "sub", "b.png"), Nlvr2Dataset.Load(Write($"[{row}]"))[0].RightImagePath);
    }

    [Fact]
    public void Missing_images_are_placed_where_they_belong_and_named_on_loading()
    {
        var example = Assert.Single(Nlvr2Dataset.Load(Write(Good)));
        Assert.Equal(Path.Combine(folder, "images", "dev", "dev-7-2-img1.png"), example.RightImagePath);
        Assert.Contains("dev-7-2-img1.png", Assert.Throws<FileNotFoundException>(() => Kit.Data.Images.RgbImage.Load(example.RightImagePath)).Message);
    }

    [Theory]
    [InlineData("{\"sentence\": \"cut of", "not valid JSON")]
    [InlineData("[1, 2]", "an object is expected")]
    [InlineData("{\"sentence\": \"x\", \"identifier\": \"dev-1-1-1\"}", "no \"label\"")]
    [InlineData("{\"sentence\": [5], \"label\": \"True\", \"identifier\": \"dev-1-1-1\"}", "\"sentence\" must be a text, not [5]")]
    [InlineData("{\"sentence\": \"x\", \"label\": \"yes\", \"identifier\": \"dev-1-1-1\"}", "\"label\" must be True or False, 1 or 0, not \"yes\"")]
    [InlineData("{\"sentence\": \"x\", \"label\": \"True\", \"identifier\": \"dev-1\"}", "split-set-pair-sentence")]
    public void A_malformed_line_is_named_with_file_line_and_reason(string line, string reason)
    {
        var path = Write($"{Good}\n\n{Good}\n{line}\n{Good}");
        var error = Assert.Throws<InvalidDataException>(() => Nlvr2Dataset.Load(path));
        Assert.Contains($"{path}, line 4: ", error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("[\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"a\", \"b\"]},\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"a\"]}]", "line 3: \"images\" must name two images, not 1")]
    [InlineData("[\n{\"sentence\": \"x\", \"label\": \"True\", \"images\": [\"a\", \"b\"]}\n", "line 3: not valid JSON")]
    [InlineData("[\n{\"sentence\": \"x\" \"label\"}]", "line 2: not valid JSON")]
    [InlineData("", "empty")]
    [InlineData("[]", "no example")]
    public void A_malformed_array_is_named_with_file_line_and_reason(string content, string reason)
    {
        var path = Write(content);
        var error = Assert.Throws<InvalidDataException>(() => Nlvr2Dataset.Load(path));
        Assert.Contains(path, error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void A_mark_and_Windows_line_ends_do_no_harm()
    {
        var path = Write($"\uFEFF{Good}\r\n{Good}\r\n");
        Assert.Equal(2, Nlvr2Dataset.Load(path).Count);
    }

    [Fact]
    public void A_missing_file_is_named()
        => Assert.Contains("absent.json", Assert.Throws<FileNotFoundException>(() => Nlvr2Dataset.Load(Path.Combine(folder, "absent.json"))).Message);

    [Fact]
    public void The_toy_world_is_read_like_the_real_one()
    {
        ToyWorld.MakePairs(folder, new ToyWorldSettings(Seed: 5, TrainPairs: 12, DevPairs: 4, TestPairs: 4));
        var train = Nlvr2Dataset.Load(Path.Combine(folder, "nlvr2", "train.json"));
        Assert.Equal(12, train.Count);
        Assert.All(train, e => Assert.True(File.Exists(e.LeftImagePath) && File.Exists(e.RightImagePath)));
        Assert.Equal(3, train.Select(e => e.Group).Distinct().Count());
    }

    private string Write(string content)
    {
        var path = Path.Combine(folder, "dev.json");
        File.WriteAllText(path, content);
        return path;
    }

    private void Touch(string place)
    {
        var path = Path.Combine(folder, place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Empty);
    }
}

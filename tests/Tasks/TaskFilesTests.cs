using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

public sealed class TaskFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("test2015", "vqa_test.json")]
    [InlineData("val2014", "vqa_val.json")]
    [InlineData("test-dev2015", "v2_OpenEnded_mscoco_test-dev2015_questions.json")]
    public void VQAs_splits_are_found_by_BLIPs_names_too(string split, string name)
    {
        var (questions, answers) = (folder.Write(name, "[]"), folder.Write("answer_list.json", "[]"));
        Assert.Equal([questions, answers], new VqaFiles(new TaskFiles(folder.Path), new TaskSettings()).Paths([split]));
    }

    [Fact]
    public void A_missing_file_is_named_once()
    {
        var files = new NlvrFiles(new TaskFiles(folder.Path), new TaskSettings());
        Assert.Contains("holds dev.json or nlvr_dev.json;", Assert.Throws<FileNotFoundException>(() => files.Paths(["dev"])).Message, StringComparison.Ordinal);
        var vqa = new VqaFiles(new TaskFiles(folder.Path), new TaskSettings());
        Assert.Contains("questions.json or vqa_val.json;", Assert.Throws<FileNotFoundException>(() => vqa.Paths(["val"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Flickr30ks_captions_that_came_with_COCOs_are_read_with_Flickr30ks_images()
    {
        var images = Directory.CreateDirectory(folder.File("flickr30k/flickr30k-images")).FullName;
        Directory.CreateDirectory(folder.File("coco"));
        var files = new CaptionFiles(new TaskFiles(folder.Path), new TaskSettings { Dataset = "flickr30k" });
        Assert.Throws<FileNotFoundException>(() => files.Paths(["test"]));
        const string rows = """{"images": [{"split": "test", "filename": "1.jpg", "sentences": [{"raw": "A dog."}]}]}""";
        var path = folder.Write("coco/dataset_flickr30k.json", rows);
        Assert.Equal([path], files.Paths(["test"]));
        Assert.Equal(Path.Combine(images, "1.jpg"), Assert.Single(CaptionFiles.Load(path, "test")).ImagePath);
        Assert.Equal(folder.File("coco/1.jpg"), Assert.Single(CaptionFiles.Load(folder.Write("coco/dataset_coco.json", rows), "test")).ImagePath);
        var nearer = folder.Write("flickr30k/flickr30k_test.json", "[]");
        Assert.Equal([nearer], files.Paths(["test"]));
    }
}

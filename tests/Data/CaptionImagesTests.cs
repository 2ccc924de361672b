using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public sealed class CaptionImagesTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData("coco", "coco_karpathy_test.json", 97)]
    [InlineData("coco", "coco_karpathy_val.json", 60)]
    [InlineData("flickr30k", "flickr30k_test.json", 100)]
    [InlineData("flickr30k", "flickr30k_val.derived.json", 40)]
    public void BLIPs_evaluation_form_is_read(string folder, string name, int images)
    {
        var read = CaptionImages.Load(KitPaths.Shared("data", folder, name), "root");
        Assert.Equal(images, read.Count);
        Assert.All(read, i => Assert.InRange(i.Captions.Count, 5, 6));
    }

    [Fact]
    public void Captions_are_left_as_written()
    {
        var first = CaptionImages.Load(KitPaths.Shared("data", "coco", "coco_karpathy_test.json"), "root")[0];
        Assert.Equal(Path.Combine("root", "val2014", "COCO_val2014_000000391895.jpg"), first.ImagePath);
        Assert.Equal("391895", first.ImageId);
        Assert.Equal("A man with a red helmet on a small moped on a dirt road. ", first.Captions[0]);
    }

    [Fact]
    public void Karpathys_form_is_read_by_split_and_says_the_same_as_BLIPs()
    {
        var path = KitPaths.Shared("data", "coco", "dataset_coco.derived.json");
        var test = CaptionImages.Load(path, "root", "test");
        var train = CaptionImages.Load(path, "root", "train", "restval");
        Assert.NotEmpty(train);
        var blip = CaptionImages.Load(KitPaths.Shared("data", "coco", "coco_karpathy_test.json"), "root").First();
        Assert.Equal((blip.ImagePath, blip.ImageId), (test[0].ImagePath, test[0].ImageId));
        Assert.Equal(blip.Captions, test[0].Captions);
        Assert.Contains("all splits", Assert.Throws<ArgumentException>(() => CaptionImages.Load(path, "root")).Message);
        Assert.Contains("no image of split nowhere", Assert.Throws<InvalidDataException>(() => CaptionImages.Load(path, "root", "nowhere")).Message);
    }

    [Fact]
    public void Flickrs_Karpathy_form_has_neither_folder_nor_number()
    {
        var images = CaptionImages.Load(KitPaths.Shared("data", "flickr30k", "dataset_flickr30k.derived.json"), "flickr30k-images", "train", "val", "test");
        Assert.All(images, i => Assert.Equal(Path.GetFileNameWithoutExtension(i.ImagePath), i.ImageId));
    }

    [Fact]
    public void The_number_that_Karpathys_form_gives_goes_before_that_of_the_files_name()
    {
        File.WriteAllText(path, """{"images": [{"split": "test", "filename": "photo_5.jpg", "cocoid": 17, "sentences": [{"raw": "x"}]}]}""");
        Assert.Equal("17", CaptionImages.Load(path, "root", "test")[0].ImageId);
    }

    [Fact]
    public void Ground_truth_holds_the_captions_of_the_evaluation_form()
    {
        var truth = CaptionImages.LoadTruth(KitPaths.Shared("data", "coco", "coco_karpathy_test_gt.derived.json"));
        var images = CaptionImages.Load(KitPaths.Shared("data", "coco", "coco_karpathy_test.json"), "root");
        Assert.Equal(images.Count, truth.Count);
        Assert.All(images, i => Assert.Equal(i.Captions, truth[long.Parse(i.ImageId)]));
    }

    [Fact]
    public void Rows_of_the_training_form_are_gathered_by_image_and_given_out_one_by_one()
    {
        File.WriteAllText(path, """
            [{"image": "a/COCO_train2014_000000000007.jpg", "caption": "one", "image_id": "coco_7"},
             {"image": "b.jpg", "caption": "two", "image_id": "coco_8"},
             {"image": "a/COCO_train2014_000000000007.jpg", "caption": "three", "image_id": "coco_7"}]
            """);
        var images = CaptionImages.Load(path, "root");
        Assert.Equal([("7", "one three"), ("b", "two")], images.Select(i => (i.ImageId, string.Join(' ', i.Captions))));
        Assert.Equal([("one", 0), ("three", 0), ("two", 1)], images.ToRows().Select(r => (r.Caption, r.ImageNumber)));
        var rows = CaptionImages.LoadRows(path, "root");
        Assert.Equal(2, rows.Max(r => r.ImageNumber) + 1);
        Assert.Equal([("one", 0, "coco_7"), ("two", 1, "coco_8"), ("three", 0, "coco_7")], rows.Select(r => (r.Caption, r.ImageNumber, r.ImageId)));
        Assert.Equal(Path.Combine("root", "b.jpg"), rows[1].ImagePath);
    }

    [Theory]
    [InlineData("coco", "coco_karpathy_train.derived.json")]
    [InlineData("flickr30k", "flickr30k_train.derived.json")]
    public void Rows_in_the_files_order_are_those_gathered_by_image(string folder, string name)
    {
        var file = KitPaths.Shared("data", folder, name);
        var rows = CaptionImages.LoadRows(file, "root");
        var images = CaptionImages.Load(file, "root");
        Assert.Equal(images.Count, rows.Max(r => r.ImageNumber) + 1);
        Assert.Equal(images.ToRows().Select(r => (r.ImagePath, r.Caption)).Order(), rows.Select(r => (r.ImagePath, r.Caption)).Order());
    }

    [Theory]
    [InlineData("[{\"image\": \"x.jpg\",\n\"caption\": 5}]", "line 1: \"caption\" must be a list of texts")]
    [InlineData("[\n\n{\"caption\": [\"x\"]}]", "line 3: no \"image\"")]
    [InlineData("{\"type\": \"captions\"}", "no \"images\"")]
    [InlineData("[]", "no image")]
    [InlineData("[{\"image\": \"x.jpg\", \"caption\": []}]", "x.jpg' has no caption")]
    [InlineData("{\"images\": [{\"filename\": \"x.jpg\", \"split\": \"test\", \"sentences\": []}]}", "x.jpg' has no caption")]
    public void Faults_are_named(string content, string reason)
    {
        File.WriteAllText(path, content);
        var error = Assert.Throws<InvalidDataException>(() => CaptionImages.Load(path, "root", "test"));
        Assert.Contains(path, error.Message);
        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void A_row_without_an_image_is_named()
    {
        File.WriteAllText(path, "[{\"image\": \"x.jpg\", \"caption\": \"y\"},\n{\"caption\": \"z\", \"image_id\": \"x\"}]");
        Assert.Contains($"{path}, line 2: no \"image\"", Assert.Throws<InvalidDataException>(() => CaptionImages.LoadRows(path, "root")).Message);
    }
}

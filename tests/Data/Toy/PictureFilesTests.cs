using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

[Collection(nameof(PictureFilesTests))]
public sealed class PictureFilesTests : IDisposable
{
    private static readonly ToyCaptionSettings Small = new(Seed: 5, TrainImages: 12, DevImages: 4, TestImages: 5);
    private readonly string folder = Directory.CreateTempSubdirectory("kit-pictures-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_real_loaders_read_every_file()
    {
        ToyWorld.MakePictures(folder, Small);
        var coco = Path.Combine(folder, "coco");
        var rows = CaptionImages.LoadRows(Path.Combine(coco, "coco_karpathy_train.json"), coco);
        Assert.Equal((60, 12), (rows.Count, rows.Max(r => r.ImageNumber) + 1));
        var test = CaptionImages.Load(Path.Combine(coco, "coco_karpathy_test.json"), coco);
        Assert.Equal(5, test.Count);
        var original = CaptionImages.Load(Path.Combine(coco, "dataset_coco.json"), coco, "test");
        Assert.Equal(test.Select(i => (i.ImagePath, i.ImageId, string.Join('|', i.Captions))), original.Select(i => (i.ImagePath, i.ImageId, string.Join('|', i.Captions))));
        var truth = CaptionImages.LoadTruth(Path.Combine(coco, "coco_karpathy_test_gt.json"));
        Assert.All(test, i => Assert.Equal(i.Captions, truth[long.Parse(i.ImageId)]));
        var flickr = Path.Combine(folder, "flickr30k");
        Assert.Equal([6, 4, 5], new[] { "train", "val", "test" }.Select(s => CaptionImages.Load(Path.Combine(flickr, $"flickr30k_{s}.json"), flickr).Count));
        using var questions = VqaDataset.OpenOfficial(
            Path.Combine(folder, "vqa", "v2_OpenEnded_mscoco_val2014_questions.json"), Path.Combine(folder, "vqa", "v2_mscoco_val2014_annotations.json"), coco);
        Assert.Equal(9 * 4, questions.Count);
        Assert.NotEmpty(AnswerList.Load(Path.Combine(folder, "vqa", "answer_list.json")));
        var paths = rows.Select(r => r.ImagePath).Concat(test.Select(i => i.ImagePath)).Concat(questions.Select(q => q.ImagePath));
        Assert.All(paths, p => Assert.True(File.Exists(p), p));
    }

    [Fact]
    public void Images_are_JPEG_files_that_show_the_scene()
    {
        ToyWorld.MakePictures(folder, Small);
        var path = Directory.GetFiles(Path.Combine(folder, "coco", "train2014")).Order().First();
        Assert.Equal([0xFF, 0xD8, 0xFF], File.ReadAllBytes(path)[..3]);
        var image = RgbImage.Load(path);
        Assert.Equal((64, 64), (image.Width, image.Height));
        var first = ToyPictures.DrawSplit("train", Small)[0].Scene;
        Assert.InRange(image.Pixels.Zip(ToyRenderer.Render(first), (a, b) => Math.Abs(a - b)).Average(), 0, 4);
        var patches = File.ReadAllBytes(Path.Combine(folder, "coco", "coco_karpathy_train.patches.bin"));
        Assert.Equal([.. "KITPATCH"u8, .. ToyRenderer.PatchClasses(first)], patches[..(8 + ToyScene.Patches)]);
        Assert.Equal(8 + (12 * ToyScene.Patches), patches.Length);
    }

    [Fact]
    public void Real_annotations_and_photographs_are_neither_replaced_nor_counted()
    {
        var photograph = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "coco", "train2014")).FullName, "real.jpg");
        File.WriteAllText(photograph, "mine");
        Assert.Contains(Path.Combine(folder, "coco"), Assert.Throws<IOException>(() => ToyWorld.MakePictures(folder, Small)).Message);
        Assert.Equal([photograph], Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Same_settings_give_the_same_bytes_and_are_made_once()
    {
        var (one, two) = (Path.Combine(folder, "one"), Path.Combine(folder, "two"));
        var stamp = ToyWorld.MakePictures(one, Small).Stamp;
        Assert.Equal(stamp, ToyWorld.MakePictures(two, Small).Stamp);
        Assert.False(ToyWorld.MakePictures(one, Small).IsNew);
        string[] Files(string root) => [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal)];
        Assert.Equal(Files(one), Files(two));
        Assert.All(Files(one), f => Assert.Equal(File.ReadAllBytes(Path.Combine(one, f)), File.ReadAllBytes(Path.Combine(two, f))));
        File.Delete(Directory.GetFiles(Path.Combine(one, "flickr30k", "flickr30k-images"))[0]);
        Assert.True(ToyWorld.MakePictures(one, Small).IsNew);
        Assert.NotEqual(stamp.Digest, ToyWorld.MakePictures(one, Small with { Seed = 7 }).Stamp.Digest);
    }
}

using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

[Collection(nameof(DecoyWorldTests))]
public sealed class DecoyWorldTests : IDisposable
{
    private static readonly ToyWorldSettings Small = new(Seed: 3, TrainPairs: 16, DevPairs: 4, TestPairs: 4);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Both_corpora_speak_of_the_same_files_in_the_real_forms()
    {
        var (_, isNew) = DecoyWorld.Make(folder.Path, Small, trainImages: 12);
        Assert.True(isNew);
        var pairs = PairWorld.Decoys.DrawSplit("train", Small);
        foreach (var (corpus, name) in new[] { "a", "b" }.Index())
        {
            var root = Path.Combine(folder.Path, name);
            var examples = Nlvr2Dataset.Load(Path.Combine(root, "nlvr2", "train.json"));
            Assert.Equal(pairs.Select(pair => (pair.Statements[corpus].Sentence, pair.Statements[corpus].Label)), examples.Select(one => (one.Sentence, one.Label)));
            Assert.Equal(ToyRenderer.Render(pairs[5].Right), RgbImage.Load(examples[5].RightImagePath).Pixels);
            var captions = CaptionImages.Load(Path.Combine(root, "coco", "coco_karpathy_val.json"), Path.Combine(root, "coco"));
            Assert.Equal(5, captions[0].Captions.Count);
            Assert.Equal(DecoyScene.Size, RgbImage.Load(captions[0].ImagePath).Width);
            Assert.True(File.Exists(CaptionImages.Load(Path.Combine(root, "flickr30k", "flickr30k_test.json"), Path.Combine(root, "flickr30k"))[0].ImagePath));
            using var questions = VqaDataset.OpenOfficial(
                Path.Combine(root, "vqa", "v2_OpenEnded_mscoco_train2014_questions.json"),
                Path.Combine(root, "vqa", "v2_mscoco_train2014_annotations.json"),
                Path.Combine(root, "coco"));
            Assert.Equal(48, questions.Count);
        }

        var real = Directory.GetFiles(Path.Combine(folder.Path, "images", "nlvr2"), "*.png", SearchOption.AllDirectories);
        Assert.Equal(48, real.Length); // once, for both
    }

    [Fact]
    public void Same_settings_give_the_same_and_a_damaged_world_is_made_again()
    {
        var first = DecoyWorld.Make(folder.Path, Small, trainImages: 12).Stamp;
        Assert.Equal((first, false), DecoyWorld.Make(folder.Path, Small, trainImages: 12));
        var lost = Path.Combine(folder.Path, "images", "nlvr2", "dev", "dev-0-2-img0.png");
        var bytes = File.ReadAllBytes(lost);
        File.Delete(lost);
        Assert.Equal((first, true), DecoyWorld.Make(folder.Path, Small, trainImages: 12));
        Assert.Equal(bytes, File.ReadAllBytes(lost));
        Assert.NotEqual(first.Digest, DecoyWorld.Make(folder.Path, Small with { Seed = 4 }, trainImages: 12).Stamp.Digest);
        File.WriteAllText(Path.Combine(folder.Path, "b", "mine.txt"), "mine");
        Assert.Throws<IOException>(() => DecoyWorld.Make(folder.Path, Small, trainImages: 12));
        Assert.True(File.Exists(lost) && File.Exists(Path.Combine(folder.Path, "b", "mine.txt")));
    }
}

using System.Text.Json;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

[Collection(nameof(ToyWorldTests))]
public sealed class ToyWorldTests : IDisposable
{
    private static readonly ToyWorldSettings Small = new(Seed: 3, TrainPairs: 40, DevPairs: 8, TestPairs: 8);
    private readonly string folder = Directory.CreateTempSubdirectory("kit-toy-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Same_settings_give_the_same_bytes()
    {
        var (one, two) = (Path.Combine(folder, "one"), Path.Combine(folder, "two"));
        Assert.Equal(ToyWorld.MakePairs(one, Small).Stamp, ToyWorld.MakePairs(two, Small).Stamp);
        var names = Names(one);
        Assert.Equal(names, Names(two));
        Assert.Equal(1 + (3 * 2) + 1 + (56 * 2), names.Length); // vocabulary; annotations and patches; stamp; images
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(Path.Combine(one, n)), File.ReadAllBytes(Path.Combine(two, n))));
    }

    [Fact]
    public void A_finished_world_is_left_alone_and_a_damaged_one_made_again()
    {
        Assert.True(ToyWorld.MakePairs(folder, Small).IsNew);
        Assert.False(ToyWorld.MakePairs(folder, Small).IsNew);
        var lost = Path.Combine(folder, "nlvr2", "images", "dev", "dev-1-2-img0.png");
        var bytes = File.ReadAllBytes(lost);
        File.Delete(lost);
        Assert.True(ToyWorld.MakePairs(folder, Small).IsNew);
        var (images, stamp) = (Path.GetDirectoryName(lost)!, Path.Combine(folder, "nlvr2", "stamp.json"));
        File.Move(stamp, Path.ChangeExtension(stamp, ".begun")); // as of one that was killed
        File.WriteAllText(Path.Combine(images, "dev-0-0-img0.png.1-1.part"), "half");
        File.SetLastWriteTimeUtc(Path.Combine(images, "dev-0-0-img0.png.1-1.part"), DateTime.UtcNow.AddSeconds(-1));
        Assert.True(ToyWorld.MakePairs(folder, Small).IsNew);
        Assert.Empty(Directory.GetFiles(images, "*.part"));
        Assert.Equal(bytes, File.ReadAllBytes(lost));
        Assert.True(ToyWorld.MakePairs(folder, Small with { Seed = 4 }).IsNew);
        Assert.NotEqual(bytes, File.ReadAllBytes(lost));
    }

    [Theory]
    [InlineData("nlvr2/train.json")]
    [InlineData("nlvr2/images/dev/real.png")]
    [InlineData("vocab.txt")]
    public void Files_of_ones_own_are_refused_by_name_and_kept(string name)
    {
        Write(name);
        var error = Assert.Throws<IOException>(() => ToyWorld.MakePairs(folder, Small));
        Assert.Contains(Path.Combine(folder, name.Split('/')[0]), error.Message, StringComparison.Ordinal);
        Assert.Contains("name another folder", error.Message, StringComparison.Ordinal);
        Assert.Equal([name], Names(folder));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, name)));
    }

    [Fact]
    public void A_strange_file_in_a_finished_world_stays_whatever_is_drawn()
    {
        var (first, _) = ToyWorld.MakePairs(folder, Small);
        Write("nlvr2/mine.zip.part");
        Assert.Equal((first, false), ToyWorld.MakePairs(folder, Small));
        Assert.Throws<IOException>(() => ToyWorld.MakePairs(folder, Small with { Seed = 4 }));
        Array.ForEach(Directory.GetFiles(Path.Combine(folder, "nlvr2", "images", "dev")), File.Delete);
        Assert.Equal((first, true), ToyWorld.MakePairs(folder, Small));
        Assert.Throws<IOException>(() => ToyWorld.MakePairs(folder, Small with { Seed = 4 }));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(folder, "nlvr2", "mine.zip.part")));
    }

    [Fact]
    public void Another_world_leaves_nothing_of_the_former()
    {
        var (one, two) = (Path.Combine(folder, "one"), Path.Combine(folder, "two"));
        ToyWorld.MakePairs(one, Small with { TrainPairs = 80 });
        Assert.Equal(ToyWorld.MakePairs(two, Small).Stamp, ToyWorld.MakePairs(one, Small).Stamp);
        Assert.Equal(Names(two), Names(one));
    }

    [Fact]
    public void Annotations_have_NLVR2s_fields_and_images_hold_the_drawn_pixels()
    {
        ToyWorld.MakePairs(folder, Small);
        var lines = File.ReadAllLines(Path.Combine(folder, "nlvr2", "train.json"));
        Assert.Equal(40, lines.Length);
        var patches = File.ReadAllBytes(Path.Combine(folder, "nlvr2", "train.patches.bin"));
        Assert.Equal(8 + (40 * 2 * ToyScene.Patches), patches.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            using var line = JsonDocument.Parse(lines[i]);
            var drawn = PairWorld.Toy.DrawSet(3, 0, i / 4)[i % 4];
            var example = line.RootElement;
            Assert.Equal($"train-{i / 4}-{i % 4}-0", example.GetProperty("identifier").GetString());
            Assert.Equal(drawn.Statements[0].Label ? "True" : "False", example.GetProperty("label").GetString());
            Assert.Equal(drawn.Sentence, example.GetProperty("sentence").GetString());
            var path = Path.Combine(folder, "nlvr2", "images", "train", $"{example.GetProperty("directory").GetInt32()}", $"train-{i / 4}-{i % 4}-img1.png");
            Assert.Equal(ToyRenderer.Render(drawn.Right), RgbImage.Load(path).Pixels);
            Assert.Equal(ToyRenderer.PatchClasses(drawn.Right), patches.AsSpan(8 + (((2 * i) + 1) * ToyScene.Patches), ToyScene.Patches).ToArray());
        }
    }

    [Fact]
    public void Committed_vocabulary_is_the_generated_one()
        => Assert.Equal(PairWorld.Toy.VocabularyFile, File.ReadAllText(KitPaths.InRepository("data", "toy", "vocab.txt")));

    [Fact]
    public void Number_of_pairs_must_be_a_multiple_of_four()
    {
        Assert.Equal(1000, ToyWorldSettings.Scaled(1, 12_000).TestPairs);
        Assert.Contains("multiple of 4", Assert.Throws<ArgumentException>(() => ToyWorldSettings.Scaled(1, 7)).Message);
    }

    private void Write(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
        File.WriteAllText(Path.Combine(folder, name), "mine");
    }

    private static string[] Names(string root)
        => [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal)];
}

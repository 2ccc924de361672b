using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data.Toy;

public sealed class ToyNlvr2PairsTests
{
    private static readonly ToyWorldSettings World = new(Seed: 5, TrainPairs: 12, DevPairs: 4, TestPairs: 8);

    [Fact]
    public void EqualsWhatTheFilesHold()
    {
        var folder = Directory.CreateTempSubdirectory("kit-toy-").FullName;
        try
        {
            ToyWorld.MakePairs(folder, World);
            var examples = Nlvr2Dataset.Load(Path.Combine(folder, "nlvr2", "test1.json"));
            using var scope = NewDisposeScope();
            using var pairs = ToyNlvr2Pairs.Draw("test1", World);
            Assert.Equal(8, pairs.Count);
            var batch = pairs.Batch([2, 7]);
            var expected = new float[2 * 2 * 3 * 64 * 64];
            foreach (var (view, row) in new[] { (0, 0), (0, 1), (1, 0), (1, 1) })
            {
                var example = examples[row == 0 ? 2 : 7];
                var image = RgbImage.Load(view == 0 ? example.LeftImagePath : example.RightImagePath);
                ImageNormalization.Clip.Apply(image.Pixels, expected.AsSpan(((view * 2) + row) * 3 * 64 * 64));
            }

            Assert.Equal([4, 3, 64, 64], batch.Images.shape);
            var difference = (batch.Images.flatten() - tensor(expected)).abs().max().item<float>();
            Assert.InRange(difference, 0, 1e-5);
            Assert.Equal([examples[2].Label ? 1L : 0L, examples[7].Label ? 1L : 0L], batch.Labels.data<long>().ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void StatementsBeginWithEncAndArePaddedToTheLongest()
    {
        using var scope = NewDisposeScope();
        using var pairs = ToyNlvr2Pairs.Draw("train", World);
        var tokenizer = ToyTokens.Tokenizer;
        var batch = pairs.Batch([0, 4, 8]);
        Assert.Equal(batch.TextLengths.Max(), batch.Ids.shape[1]);
        var ids = batch.Ids.data<long>().ToArray();
        var width = (int)batch.Ids.shape[1];
        for (var row = 0; row < 3; row++)
        {
            Assert.Equal(tokenizer.EncoderId, (int)ids[row * width]);
            Assert.Equal(tokenizer.SeparatorId, (int)ids[(row * width) + batch.TextLengths[row] - 1]);
            Assert.DoesNotContain((long)tokenizer.UnknownId, ids);
            Assert.All(ids[((row * width) + batch.TextLengths[row])..((row + 1) * width)], id => Assert.Equal(tokenizer.PaddingId, (int)id));
            Assert.Equal(batch.TextLengths[row], (int)batch.Mask.select(0, row).sum().item<float>());
        }
    }

    [Fact]
    public void ImagesOrTextCanBeThoseOfOthers()
    {
        using var scope = NewDisposeScope();
        using var pairs = ToyNlvr2Pairs.Draw("train", World);
        var (own, other) = (pairs.Batch([0, 4]), pairs.Batch([4, 8]));
        var images = pairs.Batch([0, 4], imagesOf: [4, 8]);
        var text = pairs.Batch([0, 4], textOf: [4, 8]);
        Assert.Equal(other.Images.data<float>().ToArray(), images.Images.data<float>().ToArray());
        Assert.Equal(own.Ids.data<long>().ToArray(), images.Ids.data<long>().ToArray());
        Assert.Equal(own.Labels.data<long>().ToArray(), images.Labels.data<long>().ToArray());
        Assert.Equal(own.Images.data<float>().ToArray(), text.Images.data<float>().ToArray());
        Assert.Equal(other.Ids.data<long>().ToArray(), text.Ids.data<long>().ToArray());
        Assert.Equal(other.TextLengths, text.TextLengths);
    }

    [Fact]
    public void ALimitDrawsTheFirstSets()
    {
        using var scope = NewDisposeScope();
        using var all = ToyNlvr2Pairs.Draw("train", World);
        using var some = ToyNlvr2Pairs.Draw("train", World, limit: 5);
        Assert.Equal(8, some.Count);
        Assert.Equal(all.Batch([7]).Images.data<float>().ToArray(), some.Batch([7]).Images.data<float>().ToArray());
    }

    [Fact]
    public void RefusesASplitThatIsNotThere() =>
        Assert.Contains("train, dev, test1", Assert.Throws<ArgumentException>(() => ToyNlvr2Pairs.Draw("test", World)).Message, StringComparison.Ordinal);
}

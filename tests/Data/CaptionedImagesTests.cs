using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Data;

public class CaptionedImagesTests
{
    [Fact]
    public void Pixels_are_normalised_channel_by_channel()
    {
        using var scope = NewDisposeScope();
        byte[] bytes = [.. Enumerable.Range(0, 2 * 2 * 2 * 3).Select(i => (byte)(i * 10))];
        using var data = new CaptionedImages(bytes, 2, [[[1, 2]], [[1], [4, 5, 6]]]);
        var pixels = data.Pixels([1]); // [1, 3, 2, 2]
        Assert.Equal([1, 3, 2, 2], pixels.shape);
        var green = ((bytes[12 + 9 + 1] / 255f) - ImageNormalization.Clip.Mean[1]) / ImageNormalization.Clip.Deviation[1];
        Assert.Equal(green, pixels[0, 1, 1, 1].item<float>(), 4);
    }

    [Fact]
    public void Captions_know_their_image_and_are_padded_to_the_longest_asked_for()
    {
        using var scope = NewDisposeScope();
        using var data = new CaptionedImages(new byte[24], 2, [[[1, 2]], [[1], [4, 5, 6]]]);
        Assert.Equal((2, 3), (data.Images, data.Captions));
        Assert.Equal([0, 1, 1], data.ImageOfCaption);
        var (ids, mask) = data.Texts([1, 0]);
        Assert.Equal([1, 0, 1, 2], ids.data<long>().ToArray());
        Assert.Equal([1, 0, 1, 1], mask.data<float>().ToArray());
        Assert.Equal(3, data.TextLength(2));
    }

    [Fact]
    public void Pixels_of_other_images_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => new CaptionedImages(new byte[23], 2, [[[1]], [[1]]]));
        Assert.Contains("24 bytes, not 23", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_without_captions_is_refused()
    {
        IReadOnlyList<IReadOnlyList<int[]>>[] none = [[], [[]]];
        Assert.All(none, captions => Assert.Contains("without captions", Assert.Throws<ArgumentException>(
            () => new CaptionedImages([], 0, captions)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Toy_captions_begin_and_end_as_each_model_reads_them()
    {
        using var scope = NewDisposeScope();
        var world = new ToyCaptionSettings(TestImages: 4);
        using var blip = ToyCaptionedImages.DrawForBlip("test", world);
        using var clip = ToyCaptionedImages.DrawForClip("test", world);
        Assert.Equal(blip.Captions, clip.Captions);
        for (var caption = 0; caption < blip.Captions; caption++)
        {
            long[] read = blip.Texts([caption]).Ids.data<long>().ToArray(), matched = clip.Texts([caption]).Ids.data<long>().ToArray();
            Assert.Equal(read[1..^1], matched[1..^1]);
            Assert.Equal((1, 2), ((int)read[0], (int)read[^1])); // [CLS], [SEP]
            Assert.Equal((ToyTokens.ClipVocabularySize - 2, ToyTokens.ClipVocabularySize - 1), ((int)matched[0], (int)matched[^1]));
            Assert.Equal(matched.Max(), matched[^1]);
        }
    }
}

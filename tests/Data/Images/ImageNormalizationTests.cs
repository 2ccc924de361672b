using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public class ImageNormalizationTests
{
    [Fact]
    public void Channels_are_shifted_scaled_and_laid_out_one_after_the_other()
    {
        var values = new float[6];
        ImageNormalization.Clip.Apply([0, 128, 255, 255, 64, 1], values);
        float[] expected =
        [
            (0 - 0.48145466f) / 0.26862954f, (1 - 0.48145466f) / 0.26862954f,
            ((128 / 255f) - 0.4578275f) / 0.26130258f, ((64 / 255f) - 0.4578275f) / 0.26130258f,
            (1 - 0.40821073f) / 0.27577711f, ((1 / 255f) - 0.40821073f) / 0.27577711f,
        ];
        Assert.Equal(expected, values);
    }

    [Fact]
    public void Images_of_one_size_make_a_tensor()
    {
        RgbImage[] images = [new(2, 1, [0, 128, 255, 255, 64, 1]), new(2, 1, [1, 2, 3, 4, 5, 6])];
        using var made = ImageNormalization.Clip.ToTensor(images);
        Assert.Equal([2, 3, 1, 2], made.shape);
        var expected = new float[12];
        ImageNormalization.Clip.Apply(images[0].Pixels, expected.AsSpan(0, 6));
        ImageNormalization.Clip.Apply(images[1].Pixels, expected.AsSpan(6));
        Assert.Equal(expected, made.data<float>().ToArray());
    }

    [Fact]
    public void Images_of_different_sizes_are_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() => ImageNormalization.Clip.ToTensor([new(1, 1, new byte[3]), new(2, 1, new byte[6])]));
        Assert.Contains("image 1 is 2x1", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ImageNormalization.Clip.ToTensor([]));
    }

    [Fact]
    public void Too_short_a_target_is_refused()
        => Assert.Throws<ArgumentException>(() => ImageNormalization.Clip.Apply(new byte[6], new float[5]));
}

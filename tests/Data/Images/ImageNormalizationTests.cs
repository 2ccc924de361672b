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
    public void Undo_gives_every_byte_back()
    {
        var pixels = Enumerable.Range(0, 256 * 3).Select(i => (byte)(i / 3)).ToArray();
        var values = new float[pixels.Length];
        ImageNormalization.Clip.Apply(pixels, values);
        var back = new byte[pixels.Length];
        ImageNormalization.Clip.Undo(values, back);
        Assert.Equal(pixels, back);
    }

    [Fact]
    public void Too_short_a_target_is_refused()
        => Assert.Throws<ArgumentException>(() => ImageNormalization.Clip.Apply(new byte[6], new float[5]));
}

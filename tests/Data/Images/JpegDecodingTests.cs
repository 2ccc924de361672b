using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

public class JpegDecodingTests
{
    private static readonly byte[] Whole = ImageEncoding.Jpeg(Gradient(40, 40), 40, 40, 90);

    [Fact]
    public void What_is_written_is_about_what_is_read_back()
    {
        var rgb = Gradient(37, 22);
        var image = RgbImage.Decode(ImageEncoding.Jpeg(rgb, 37, 22, 95), "new.jpg");
        Assert.Equal((37, 22), (image.Width, image.Height));
        Assert.InRange(image.Pixels.Zip(rgb, (a, b) => Math.Abs(a - b)).Average(), 0, 1);
    }

    [Fact]
    public void Every_cut_is_a_named_error_even_that_of_the_end_marker_alone()
    {
        for (var length = 0; length < Whole.Length; length++)
        {
            var error = Assert.Throws<InvalidDataException>(() => RgbImage.Decode(Whole.AsSpan(0, length), "cut.jpg"));
            Assert.Contains("cut.jpg", error.Message);
        }
    }

    [Fact]
    public void Every_changed_byte_is_an_image_or_a_named_error()
        => Assert.InRange(DamagedFiles.CountErrors(ImageEncoding.Jpeg(Gradient(24, 24), 24, 24, 80)), 20, 600);

    [Theory]
    [InlineData(60_000, 60_000, "89478485 pixels are read")]
    [InlineData(9_000, 9_000, "cannot hold the 9000x9000 pixels")]
    [InlineData(0, 20, "lie.jpg")]
    public void A_header_that_lies_about_its_size_takes_no_memory(int width, int height, string reason)
    {
        var jpeg = (byte[])Whole.Clone();
        var frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        byte[] size = [(byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width];
        size.CopyTo(jpeg, frame + 5);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => RgbImage.Decode(jpeg, "lie.jpg")).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Stray_bytes_between_segments_before_the_end_and_behind_it_cost_no_pixel()
    {
        var frame = Whole.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        var expected = RgbImage.Decode(Whole, "whole.jpg").Pixels;
        Assert.Equal(expected, RgbImage.Decode([.. Whole[..frame], 0x12, 0x34, .. Whole[frame..]], "stray.jpg").Pixels);
        Assert.Equal(expected, RgbImage.Decode([.. Whole[..^2], 0xFF, 0xFF, 0xFF, 0xD9], "fill.jpg").Pixels);
        Assert.Equal(expected, RgbImage.Decode([.. Whole, 1, 2, 3], "behind.jpg").Pixels);
    }

    [Fact]
    public void Data_that_ends_early_with_an_end_marker_leaves_gray()
    {
        var data = Whole.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        var image = RgbImage.Decode([.. Whole[..((data + (3 * Whole.Length)) / 4)], 0xFF, 0xD9], "early.jpg");
        Assert.Equal(RgbImage.Decode(Whole, "whole.jpg").Pixels[..(8 * 40 * 3)], image.Pixels[..(8 * 40 * 3)]);
        Assert.Equal([128, 128, 128], image.Pixels[^3..]);
    }

    private static byte[] Gradient(int width, int height)
        => [.. Enumerable.Range(0, width * height * 3)
            .Select(i => (byte)((i / 3 % width * 3) + (i / 3 / width * 2) + (i % 3 * 30)))];
}

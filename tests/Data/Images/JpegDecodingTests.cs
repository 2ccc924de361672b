using Madtp.Kit.Data.Images;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

[Collection(AloneCollection.Name)]
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
    public void Stray_bytes_between_segments_cost_no_pixel_and_one_warning()
    {
        var frame = Whole.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        byte[] stray = [.. Whole[..frame], 0x12, 0x34, .. Whole[frame..]];
        var (images, warnings) = DecodeTwice(stray, "stray.jpg");
        Assert.All(images, image => Assert.Equal(RgbImage.Decode(Whole, "whole.jpg").Pixels, image.Pixels));
        Assert.Contains("'stray.jpg' holds stray bytes", Assert.Single(warnings));
    }

    [Fact]
    public void Data_that_ends_early_leaves_gray_and_one_warning()
    {
        var data = Whole.AsSpan().IndexOf<byte>([0xFF, 0xDA]);
        byte[] early = [.. Whole[..((data + (3 * Whole.Length)) / 4)], 0xFF, 0xD9];
        var (images, warnings) = DecodeTwice(early, "early.jpg");
        var whole = RgbImage.Decode(Whole, "whole.jpg").Pixels;
        Assert.All(images, image =>
        {
            Assert.Equal(whole[..(8 * 40 * 3)], image.Pixels[..(8 * 40 * 3)]);
            Assert.Equal([128, 128, 128], image.Pixels[^3..]);
        });
        Assert.Contains("'early.jpg' ends before all of its pixels", Assert.Single(warnings));
    }

    [Fact]
    public void Whole_images_are_not_warned_of_though_they_end_in_gray_or_in_fill_bytes()
    {
        byte[] gray = [.. Enumerable.Repeat((byte)128, 40 * 40 * 3)];
        var jpeg = ImageEncoding.Jpeg(gray, 40, 40, 90);
        Assert.Empty(DecodeTwice(jpeg, "gray.jpg").Warnings);
        Assert.Empty(DecodeTwice([.. jpeg[..^2], 0xFF, 0xFF, 0xFF, 0xD9], "fill.jpg").Warnings);
        Assert.Empty(DecodeTwice([.. jpeg, 1, 2, 3], "behind.jpg").Warnings);
    }

    private static (RgbImage[] Images, string[] Warnings) DecodeTwice(byte[] file, string name)
    {
        var before = Console.Error;
        using var written = new StringWriter();
        Console.SetError(written);
        try
        {
            RgbImage[] images = [RgbImage.Decode(file, name), RgbImage.Decode(file, name)];
            return (images, written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            Console.SetError(before);
        }
    }

    private static byte[] Gradient(int width, int height)
        => [.. Enumerable.Range(0, width * height * 3)
            .Select(i => (byte)((i / 3 % width * 3) + (i / 3 / width * 2) + (i % 3 * 30)))];
}

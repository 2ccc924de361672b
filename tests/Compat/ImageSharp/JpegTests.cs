using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.PixelFormats;
using Xunit;

namespace Madtp.Kit.Tests.Compat.ImageSharp;

public class JpegTests
{
    public static TheoryData<int, bool> Kinds()
    {
        var kinds = new TheoryData<int, bool>();
        for (var subsampling = 0; subsampling < 6; subsampling++)
        {
            kinds.Add(subsampling, false);
            kinds.Add(subsampling, true);
        }

        return kinds;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_subsampling_is_read(int subsampling, bool progressive)
    {
        var rgb = Gradient(45, 31, gray: subsampling == 3);
        using var image = Image.Load<Rgb24>(JpegBuilder.Encode(rgb, 45, 31, subsampling, 95, progressive));
        var pixels = new byte[rgb.Length];
        image.CopyPixelDataTo(pixels);
        Assert.Equal((45, 31), (image.Width, image.Height));
        Assert.InRange(pixels.Zip(rgb, (a, b) => Math.Abs(a - b)).Average(), 0, 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_cut_is_an_error(bool progressive)
    {
        var jpeg = JpegBuilder.Encode(Gradient(40, 40, gray: false), 40, 40, 2, 90, progressive);
        for (var length = 0; length <= jpeg.Length - 2; length++)
        {
            Assert.ThrowsAny<ImageFormatException>(() => Image.Load<Rgb24>(jpeg.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Every_changed_byte_is_an_image_or_a_named_error()
    {
        var jpeg = JpegBuilder.Encode(Gradient(24, 24, gray: false), 24, 24, 2, 80, progressive: true);
        var errors = 0;
        for (var at = 0; at < jpeg.Length; at++)
        {
            var damaged = (byte[])jpeg.Clone();
            damaged[at] ^= 0x55;
            try
            {
                Image.Load<Rgb24>(damaged).Dispose();
            }
            catch (ImageFormatException)
            {
                errors++;
            }
        }

        Assert.True(errors > 20, $"{errors} of {jpeg.Length}");
    }

    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(13_000, 13_000)]
    [InlineData(0, 20)]
    public void A_header_that_lies_about_its_size_takes_no_memory(int width, int height)
    {
        var jpeg = JpegBuilder.Encode(Gradient(16, 16, gray: false), 16, 16, 2, 80, progressive: false);
        var frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        (jpeg[frame + 5], jpeg[frame + 6], jpeg[frame + 7], jpeg[frame + 8]) = ((byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidImageContentException>(() => Image.Load<Rgb24>(jpeg));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Stray_bytes_between_segments_do_no_harm()
    {
        var rgb = Gradient(16, 16, gray: false);
        var jpeg = JpegBuilder.Encode(rgb, 16, 16, 0, 95, progressive: false);
        var frame = jpeg.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        byte[] stray = [.. jpeg[..frame], 0x12, 0x34, .. jpeg[frame..]];
        var (clean, odd) = (new byte[rgb.Length], new byte[rgb.Length]);
        Image.Load<Rgb24>(jpeg).CopyPixelDataTo(clean.AsSpan());
        Image.Load<Rgb24>(stray).CopyPixelDataTo(odd.AsSpan());
        Assert.Equal(clean, odd);
    }

    [Theory]
    [InlineData(JpegEncodingColor.YCbCrRatio444, 95, 1.0)]
    [InlineData(JpegEncodingColor.YCbCrRatio420, 75, 5.0)]
    public void What_is_written_is_about_what_is_read_back(JpegEncodingColor color, int quality, double tolerance)
    {
        var rgb = Gradient(37, 22, gray: false);
        using var image = Image.LoadPixelData<Rgb24>(rgb, 37, 22);
        using var stream = new MemoryStream();
        image.SaveAsJpeg(stream, new JpegEncoder { Quality = quality, ColorType = color });
        var back = new byte[rgb.Length];
        Image.Load<Rgb24>(stream.ToArray()).CopyPixelDataTo(back.AsSpan());
        Assert.InRange(back.Zip(rgb, (a, b) => Math.Abs(a - b)).Average(), 0, tolerance);
    }

    [Fact]
    public void Transparency_is_dropped_on_writing()
    {
        using var image = new Image<Rgba32>(8, 8, new Rgba32(200, 10, 60, 0));
        using var stream = new MemoryStream();
        image.SaveAsJpeg(stream, new JpegEncoder());
        var pixel = Image.Load<Rgb24>(stream.ToArray())[4, 4];
        Assert.InRange(Math.Abs(pixel.R - 200) + Math.Abs(pixel.G - 10) + Math.Abs(pixel.B - 60), 0, 9);
    }

    private static byte[] Gradient(int width, int height, bool gray)
        => [.. Enumerable.Range(0, width * height * 3).Select(i => (byte)((i / 3 % width * 3) + (i / 3 / width * 2) + (gray ? 0 : i % 3 * 30)))];
}

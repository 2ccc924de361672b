using Madtp.Kit.Data.Images;
using SkiaSharp;
using Xunit;

namespace Madtp.Kit.Tests.Data.Images;

/// <summary>GIF, BMP and WebP: the first picture, without its transparency, as PIL's convert("RGB") gives it.</summary>
public class OtherFormatsTests
{
    private static readonly byte[] Palette = [10, 20, 30, 200, 100, 0, 1, 2, 3, 250, 251, 252];

    [Fact]
    public void A_GIFs_picture_has_its_palettes_colours()
    {
        var image = RgbImage.Decode(Gif(2, 2, left: 0, top: 0, width: 2, height: 2, [0, 1, 2, 3], transparent: null), "some.gif");
        Assert.Equal(Palette, image.Pixels);
    }

    [Fact]
    public void A_GIFs_picture_may_be_a_spot_on_a_large_canvas()
    {
        var gif = Gif(128, 224, left: 0, top: 0, width: 1, height: 1, [1], transparent: null);
        (gif[7], gif[9]) = (2, 1); // 640x480
        var image = RgbImage.Decode(gif, "spot.gif");
        Assert.Equal((640, 480), (image.Width, image.Height));
        Assert.Equal(Palette[3..6], image.Pixels[..3]);
    }

    [Fact]
    public void Cut_and_changed_GIFs_are_named_errors_or_images()
    {
        var gif = Gif(4, 3, left: 1, top: 1, width: 2, height: 2, [0, 1, 2, 3], transparent: 3);
        for (var length = 0; length < gif.Length - 8; length++)
            Assert.Throws<InvalidDataException>(() => RgbImage.Decode(gif.AsSpan(0, length), "cut.gif"));

        Assert.InRange(DamagedFiles.CountErrors(gif), 5, gif.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BMP_rows_are_read_in_either_order(bool topDown)
    {
        byte[] rows = [3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0]; // blue, green, red; padded to four bytes
        byte[] upper = [1, 2, 3, 4, 5, 6], lower = [7, 8, 9, 10, 11, 12];
        byte[] height = topDown ? [0xFE, 0xFF, 0xFF, 0xFF] : [2, 0, 0, 0];
        byte[] bmp =
        [
            (byte)'B', (byte)'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, .. height, 1, 0, 24, 0,
            .. new byte[24], .. rows,
        ];
        Assert.Equal(topDown ? [.. upper, .. lower] : [.. lower, .. upper], RgbImage.Decode(bmp, "some.bmp").Pixels);
        Assert.Throws<InvalidDataException>(() => RgbImage.Decode(bmp.AsSpan(0, 60), "cut.bmp"));
    }

    [Fact]
    public void Lossless_WebP_is_exact_under_its_transparency()
    {
        byte[] quads = [.. Enumerable.Range(0, 9 * 5 * 4).Select(i => (byte)(i % 4 == 3 ? 255 - (i % 7) : i))];
        var options = new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50);
        using var bitmap = new SKBitmap(new SKImageInfo(9, 5, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        System.Runtime.InteropServices.Marshal.Copy(quads, 0, bitmap.GetPixels(), quads.Length);
        using var pixmap = bitmap.PeekPixels();
        using var webp = pixmap.Encode(options)!;
        Assert.Equal(quads.Where((_, i) => i % 4 != 3), RgbImage.Decode(webp.ToArray(), "some.webp").Pixels);
        Assert.Throws<InvalidDataException>(() => RgbImage.Decode(webp.ToArray().AsSpan(0, 30), "cut.webp"));
        byte[] padded = [.. webp.ToArray(), .. "more"u8];
        padded[4] += 6; // its length: two bytes past the end
        Assert.Contains("cut off", Assert.Throws<InvalidDataException>(() => RgbImage.Decode(padded, "short.webp")).Message);
    }

    // LZW by the letter: before every index a code that empties the dictionary, so that codes stay three bits wide.
    private static byte[] Gif(
        int screenWidth, int screenHeight, int left, int top, int width, int height, byte[] indices, byte? transparent)
    {
        const int Clear = 4, End = 5;
        var (bits, at) = (new byte[((indices.Length * 6) + 3 + 7) / 8], 0);
        foreach (var code in indices.SelectMany(i => new int[] { Clear, i }).Append(End))
        {
            for (var bit = 0; bit < 3; bit++, at++)
                bits[at / 8] |= (byte)(((code >> bit) & 1) << (at % 8));
        }

        byte[] control = transparent is { } index ? [0x21, 0xF9, 4, 1, 0, 0, index, 0] : [];
        return
        [
            .. "GIF89a"u8, (byte)screenWidth, 0, (byte)screenHeight, 0, 0x81, 0, 0, .. Palette, .. control,
            0x2C, (byte)left, 0, (byte)top, 0, (byte)width, 0, (byte)height, 0, 0, 2, (byte)bits.Length, .. bits, 0, 0x3B,
        ];
    }
}

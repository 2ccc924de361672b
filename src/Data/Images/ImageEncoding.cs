using SkiaSharp;

namespace Madtp.Kit.Data.Images;

/// <summary>Writes RGB pixels as PNG or JPEG files' bytes; equal pixels give equal bytes.</summary>
internal static class ImageEncoding
{
    /// <summary>A PNG file of 8-bit RGB.</summary>
    /// <param name="pixels">Red, green and blue of each pixel, row by row from the top: width × height × 3 bytes.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    public static byte[] Png(ReadOnlySpan<byte> pixels, int width, int height)
        => Encode(pixels, width, height, pixmap => pixmap.Encode(SKPngEncoderOptions.Default));

    /// <summary>A baseline JPEG file whose colour is sampled as finely as its brightness (4:4:4).</summary>
    /// <param name="pixels">Red, green and blue of each pixel, row by row from the top: width × height × 3 bytes.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="quality">1 to 100.</param>
    public static byte[] Jpeg(ReadOnlySpan<byte> pixels, int width, int height, int quality)
    {
        var options = new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);
        return Encode(pixels, width, height, pixmap => pixmap.Encode(options));
    }

    /// <summary>The image as Skia draws it; to be disposed.</summary>
    /// <param name="image">The image.</param>
    public static SKImage ToSkia(this RgbImage image)
        => SKImage.FromPixelCopy(Info(image.Width, image.Height), Quads(image.Pixels, image.Width, image.Height));

    private static unsafe byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height, Func<SKPixmap, SKData?> encode)
    {
        fixed (byte* bytes = Quads(rgb, width, height))
        {
            using var pixmap = new SKPixmap(Info(width, height), (nint)bytes);
            using var data = encode(pixmap)
                ?? throw new InvalidOperationException($"{width}x{height} pixels could not be encoded");
            return data.ToArray();
        }
    }

    private static SKImageInfo Info(int width, int height) => new(width, height, SKColorType.Rgb888x, SKAlphaType.Opaque);

    private static byte[] Quads(ReadOnlySpan<byte> rgb, int width, int height)
    {
        var quads = new byte[checked(width * height * 4)]; // red, green, blue, unused
        for (int from = 0, to = 0; to < quads.Length; from += 3, to += 4)
        {
            rgb.Slice(from, 3).CopyTo(quads.AsSpan(to));
        }

        return quads;
    }
}

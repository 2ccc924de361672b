using SkiaSharp;

namespace Madtp.Kit.Data.Images;

/// <summary>An image as models take it: 8-bit red, green and blue. Reading follows PIL's <c>open(f).convert("RGB")</c>, on which
/// the published checkpoints were trained: the stored orientation is kept (EXIF is ignored), transparency is dropped and not
/// blended, CMYK is turned by PIL's formula. One decision is our own: 16-bit gray keeps each sample's high byte, where PIL clips
/// all but the darkest samples to white.</summary>
public sealed class RgbImage
{
    /// <summary>An image over the given pixels (not copied).</summary>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Guard.Argument(pixels.Length == (long)width * height * 3,
            $"{width}x{height} RGB pixels are {(long)width * height * 3} bytes; {pixels.Length} given", nameof(pixels));
        (Width, Height, Pixels) = (width, height, pixels);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Red, green and blue of each pixel, row by row from the top. <c>[H, W, 3]</c></summary>
    public byte[] Pixels { get; }

    /// <summary>Reads a PNG, JPEG, GIF (its first picture), WebP or BMP file; which it is, its content tells, not its
    /// name.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no image, cut off, corrupt, or of too many pixels.</exception>
    public static RgbImage Load(string path) => File.Exists(path)
        ? Decode(File.ReadAllBytes(path), path)
        : throw new FileNotFoundException($"image '{path}' {(Directory.Exists(path) ? "is a folder" : "does not exist")}", path);

    /// <summary>Decodes the bytes of an image file.</summary>
    /// <exception cref="InvalidDataException">The bytes are no image, cut off, corrupt, or of too many pixels.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, string name) => ImageDecoding.Decode(file, name);
}

/// <summary>Writes RGB pixels, <c>[H, W, 3]</c>, as PNG or JPEG files' bytes; equal pixels give equal bytes.</summary>
internal static class ImageEncoding
{
    /// <summary>A PNG file of 8-bit RGB.</summary>
    public static byte[] Png(ReadOnlySpan<byte> pixels, int width, int height)
        => Encode(pixels, width, height, pixmap => pixmap.Encode(SKPngEncoderOptions.Default));

    /// <summary>A baseline JPEG file of a quality from 1 to 100, colour sampled as finely as brightness (4:4:4).</summary>
    public static byte[] Jpeg(ReadOnlySpan<byte> pixels, int width, int height, int quality)
    {
        var options = new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);
        return Encode(pixels, width, height, pixmap => pixmap.Encode(options));
    }

    /// <summary>The image as Skia draws it; to be disposed.</summary>
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
            rgb.Slice(from, 3).CopyTo(quads.AsSpan(to));

        return quads;
    }
}

using System.Runtime.InteropServices;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp.Formats;

/// <summary>What a decoder hands over: one byte a channel, 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels, interleaved.</summary>
internal sealed record DecodedImage(int Width, int Height, int Channels, byte[] Samples)
{
    /// <summary>PIL's own bound (twice its warning at 89,478,485): past it an image is taken for an attack on memory.</summary>
    public const long MaxPixels = 2L * 89_478_485;

    /// <summary>The pixels in the wanted format. Alpha is dropped, never blended, where the format has none.</summary>
    public Image<TPixel> ToImage<TPixel>()
        where TPixel : unmanaged, IPixel<TPixel>
    {
        var image = new Image<TPixel>(Width, Height);
        var pixels = image.Pixels;
        if ((typeof(TPixel) == typeof(Rgb24) && Channels == 3) || (typeof(TPixel) == typeof(Rgba32) && Channels == 4) || (typeof(TPixel) == typeof(L8) && Channels == 1))
        {
            Samples.CopyTo(MemoryMarshal.AsBytes(pixels));
            return image;
        }

        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i].FromRgba32(Rgba(Samples.AsSpan(i * Channels, Channels)));
        }

        return image;
    }

    private static Rgba32 Rgba(ReadOnlySpan<byte> sample) => sample.Length switch
    {
        1 => new Rgba32(sample[0], sample[0], sample[0]),
        2 => new Rgba32(sample[0], sample[0], sample[0], sample[1]),
        3 => new Rgba32(sample[0], sample[1], sample[2]),
        _ => new Rgba32(sample[0], sample[1], sample[2], sample[3]),
    };
}

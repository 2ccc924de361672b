using System.Runtime.InteropServices;

namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>Decodes every 8-bit JPEG that libjpeg-turbo knows, with the settings PIL uses: islow inverse DCT, fancy upsampling.</summary>
internal static class JpegReader
{
    public static DecodedImage Read(ReadOnlySpan<byte> file)
    {
        var header = JpegHeader.Parse(file);

        // A Huffman-coded block takes at least one bit and covers 64 pixels, so a short file cannot make the reader reserve a large image.
        if (header.IsHuffman && (long)file.Length * 512 < (long)header.Width * header.Height)
        {
            throw new InvalidImageContentException($"JPEG: {file.Length} bytes cannot hold the {header.Width}x{header.Height} pixels that the header says");
        }

        if (header.Components != 4)
        {
            return new DecodedImage(header.Width, header.Height, 3, Decompress(file, header, TurboJpeg.FormatRgb, 3));
        }

        var cmyk = Decompress(file, header, TurboJpeg.FormatCmyk, 4);
        return new DecodedImage(header.Width, header.Height, 3, CmykToRgb(cmyk));
    }

    private static unsafe byte[] Decompress(ReadOnlySpan<byte> file, JpegHeader header, int format, int channels)
    {
        var samples = new byte[checked(header.Width * header.Height * channels)];
        var handle = TurboJpeg.OpenDecompressor();
        try
        {
            fixed (byte* jpeg = file)
            fixed (byte* target = samples)
            {
                if (TurboJpeg.Decompress(handle, jpeg, new CULong((nuint)file.Length), target, header.Width, header.Width * channels, header.Height, format, TurboJpeg.FlagAccurateDct) != 0)
                {
                    ThrowUnlessHarmless(handle, file[header.Offset..]);
                }
            }
        }
        finally
        {
            _ = TurboJpeg.Destroy(handle);
        }

        return samples;
    }

    // Stray bytes between segments are common in the wild and cost no pixel. Data that ends early is filled up with gray,
    // which would go unnoticed, so it is an error: libjpeg's first warning says so, or the end marker is missing.
    private static void ThrowUnlessHarmless(nint handle, ReadOnlySpan<byte> image)
    {
        var text = Marshal.PtrToStringUTF8(TurboJpeg.GetErrorText(handle)) ?? "unknown error";
        var isHarmless = TurboJpeg.GetErrorCode(handle) == TurboJpeg.Warning
            && !text.Contains("premature end", StringComparison.OrdinalIgnoreCase)
            && image.IndexOf<byte>([0xFF, 0xD9]) >= 0;
        if (!isHarmless)
        {
            throw new InvalidImageContentException($"JPEG: {text}");
        }
    }

    // PIL takes every four-component JPEG for Adobe's inverted CMYK. With k the ink, 255 - k is what the file stores:
    // R = (255 - k) - (255 - k) c / 255, rounded as PIL rounds it.
    private static byte[] CmykToRgb(ReadOnlySpan<byte> stored)
    {
        var rgb = new byte[stored.Length / 4 * 3];
        for (int i = 0, o = 0; i < stored.Length; i += 4, o += 3)
        {
            int light = stored[i + 3];
            for (var channel = 0; channel < 3; channel++)
            {
                var product = ((255 - stored[i + channel]) * light) + 128;
                rgb[o + channel] = (byte)Math.Clamp(light - (((product >> 8) + product) >> 8), 0, 255);
            }
        }

        return rgb;
    }
}

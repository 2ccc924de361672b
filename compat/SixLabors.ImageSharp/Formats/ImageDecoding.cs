using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;

namespace SixLabors.ImageSharp.Formats;

/// <summary>Tells the format by the first bytes: data sets are full of JPEG files named .png.</summary>
internal static class ImageDecoding
{
    public static DecodedImage Decode(ReadOnlyMemory<byte> data)
    {
        if (data.Span.StartsWith(PngFormat.Signature))
        {
            return PngReader.Read(data);
        }

        if (data.Span.StartsWith(JpegHeader.StartOfImage))
        {
            return JpegReader.Read(data.Span);
        }

        throw new UnknownImageFormatException(data.IsEmpty
            ? "the image is empty (0 bytes)"
            : $"neither PNG nor JPEG: the content begins with {Convert.ToHexString(data.Span[..Math.Min(8, data.Length)])}");
    }
}

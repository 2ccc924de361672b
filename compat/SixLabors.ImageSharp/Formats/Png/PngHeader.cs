using System.Buffers.Binary;

namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>The IHDR chunk: size, sample depth, and what a sample means.</summary>
internal sealed record PngHeader(int Width, int Height, int BitDepth, PngColor Color, bool Interlaced)
{
    /// <summary>Samples a pixel is stored with.</summary>
    public int Samples => Color switch
    {
        PngColor.Gray or PngColor.Palette => 1,
        PngColor.GrayAlpha => 2,
        PngColor.Rgb => 3,
        _ => 4,
    };

    /// <summary>The distance, in bytes, to the same sample of the pixel before: what the filters predict from.</summary>
    public int FilterDistance => Math.Max(1, Samples * BitDepth / 8);

    /// <summary>Bytes of a row of <paramref name="width"/> pixels, without the filter's byte.</summary>
    public int RowBytes(int width) => checked((int)((((long)width * Samples * BitDepth) + 7) / 8));

    public static PngHeader Parse(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length != 13)
        {
            throw new InvalidImageContentException($"PNG: the header has {chunk.Length} bytes, not 13");
        }

        var width = BinaryPrimitives.ReadUInt32BigEndian(chunk);
        var height = BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]);
        int depth = chunk[8];
        var color = (PngColor)chunk[9];
        if (width == 0 || height == 0 || width > int.MaxValue || height > int.MaxValue || (long)width * height > DecodedImage.MaxPixels)
        {
            throw new InvalidImageContentException($"PNG: the header says {width}x{height} pixels; between 1 and {DecodedImage.MaxPixels} are read");
        }

        if (!IsAllowed(color, depth))
        {
            throw new InvalidImageContentException($"PNG: {depth} bits with colour type {chunk[9]} do not exist");
        }

        if (chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1)
        {
            throw new InvalidImageContentException($"PNG: unknown compression {chunk[10]}, filter method {chunk[11]} or interlacing {chunk[12]}");
        }

        return new PngHeader((int)width, (int)height, depth, color, chunk[12] == 1);
    }

    private static bool IsAllowed(PngColor color, int depth) => color switch
    {
        PngColor.Gray => depth is 1 or 2 or 4 or 8 or 16,
        PngColor.Palette => depth is 1 or 2 or 4 or 8,
        PngColor.Rgb or PngColor.GrayAlpha or PngColor.Rgba => depth is 8 or 16,
        _ => false,
    };
}

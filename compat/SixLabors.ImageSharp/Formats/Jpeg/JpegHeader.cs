using System.Buffers.Binary;

namespace SixLabors.ImageSharp.Formats.Jpeg;

/// <summary>A JPEG's frame header: its size, how many components it has, how they are coded, and where in the file it stands.</summary>
internal sealed record JpegHeader(int Width, int Height, int Components, bool IsHuffman, int Offset)
{
    public static ReadOnlySpan<byte> StartOfImage => [0xFF, 0xD8, 0xFF];

    /// <summary>Finds the frame header by stepping over the segments before it.</summary>
    public static JpegHeader Parse(ReadOnlySpan<byte> file)
    {
        for (var at = 2; ;)
        {
            // Fill bytes (FF) may stand before a marker; other stray bytes are stepped over as decoders do.
            while (at + 1 < file.Length && (file[at] != 0xFF || file[at + 1] is 0xFF or 0x00))
            {
                at++;
            }

            if (at + 4 > file.Length)
            {
                throw new InvalidImageContentException($"JPEG: cut off after {file.Length} bytes, before its frame header");
            }

            var marker = file[at + 1];
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2; // markers without a body
                continue;
            }

            if (marker is 0xD9 or 0xDA)
            {
                throw new InvalidImageContentException("JPEG: the image data begins before any frame header");
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return ParseFrame(file[(at + 4)..], marker, at);
            }

            at += 2 + Math.Max(length, (ushort)2);
        }
    }

    private static JpegHeader ParseFrame(ReadOnlySpan<byte> frame, byte marker, int offset)
    {
        if (frame.Length < 6)
        {
            throw new InvalidImageContentException("JPEG: cut off inside its frame header");
        }

        int height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]);
        int width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        if (width == 0 || height == 0 || (long)width * height > DecodedImage.MaxPixels)
        {
            throw new InvalidImageContentException($"JPEG: the header says {width}x{height} pixels; between 1 and {DecodedImage.MaxPixels} are read");
        }

        if (frame[0] != 8)
        {
            throw new InvalidImageContentException($"JPEG: {frame[0]} bits a sample; 8 are read");
        }

        return new JpegHeader(width, height, frame[5], marker is <= 0xC2, offset);
    }
}

using System.Buffers.Binary;
using System.Text;

namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>The chunks a decoder needs, checked: header, palette, transparency, and where the compressed data lies.</summary>
internal sealed record PngChunks(PngHeader Header, byte[]? Palette, byte[]? Transparency, IReadOnlyList<ReadOnlyMemory<byte>> Data)
{
    private const int Frame = 12; // length, type and checksum, four bytes each

    public static PngChunks Parse(ReadOnlyMemory<byte> file)
    {
        PngHeader? header = null;
        byte[]? palette = null;
        byte[]? transparency = null;
        var data = new List<ReadOnlyMemory<byte>>();
        for (var at = PngFormat.Signature.Length; ;)
        {
            var (type, chunk) = Next(file, at);
            at += Frame + chunk.Length;
            if (header is null && type != "IHDR")
            {
                throw new InvalidImageContentException($"PNG: the first chunk is '{type}', not the header");
            }

            switch (type)
            {
                case "IHDR" when header is null:
                    header = PngHeader.Parse(chunk.Span);
                    break;
                case "IHDR":
                    throw new InvalidImageContentException("PNG: a second header");
                case "PLTE":
                    palette = PaletteOf(chunk.Span);
                    break;
                case "tRNS":
                    transparency = chunk.ToArray();
                    break;
                case "IDAT":
                    data.Add(chunk);
                    break;
                case "IEND":
                    return Checked(new PngChunks(header!, palette, transparency, data));
            }
        }
    }

    private static (string Type, ReadOnlyMemory<byte> Data) Next(ReadOnlyMemory<byte> file, int at)
    {
        if (file.Length - at < Frame)
        {
            throw new InvalidImageContentException($"PNG: cut off after {file.Length} bytes, before its end chunk");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(file.Span[at..]);
        var type = Encoding.Latin1.GetString(file.Span.Slice(at + 4, 4));
        if (length > file.Length - at - Frame)
        {
            throw new InvalidImageContentException($"PNG: cut off: chunk '{type}' at byte {at} says {length} bytes, {file.Length - at - Frame} are left");
        }

        // The case of a type's first letter tells whether a decoder may do without the chunk; only those it needs must be sound.
        var isNeeded = char.IsAsciiLetterUpper(type[0]) || type == "tRNS";
        var body = file.Slice(at + 4, 4 + (int)length);
        if (isNeeded && PngFormat.Crc(body.Span) != BinaryPrimitives.ReadUInt32BigEndian(file.Span[(at + 8 + (int)length)..]))
        {
            throw new InvalidImageContentException($"PNG: chunk '{type}' at byte {at} is corrupt (its checksum differs)");
        }

        return (type, body[4..]);
    }

    private static byte[] PaletteOf(ReadOnlySpan<byte> chunk)
        => chunk.Length is > 0 and <= 768 && chunk.Length % 3 == 0
            ? chunk.ToArray()
            : throw new InvalidImageContentException($"PNG: a palette of {chunk.Length} bytes");

    private static PngChunks Checked(PngChunks chunks)
    {
        if (chunks.Header.Color == PngColor.Palette && chunks.Palette is null)
        {
            throw new InvalidImageContentException("PNG: a palette image without its palette");
        }

        // Deflate never expands by more than 1032, so a short file cannot make the reader reserve a large image.
        var compressed = chunks.Data.Sum(d => (long)d.Length);
        if (compressed * 1032 < (long)chunks.Header.RowBytes(chunks.Header.Width) * chunks.Header.Height)
        {
            throw new InvalidImageContentException($"PNG: {compressed} bytes of data cannot hold the {chunks.Header.Width}x{chunks.Header.Height} pixels that the header says");
        }

        return chunks;
    }
}

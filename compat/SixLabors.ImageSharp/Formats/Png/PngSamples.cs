using System.Buffers.Binary;

namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>Turns stored rows of any depth into bytes: gray, gray and alpha, RGB or RGBA.</summary>
internal sealed class PngSamples
{
    private readonly PngHeader header;
    private readonly byte[] palette = new byte[256 * 4]; // RGBA; entries that the file leaves out stay black
    private readonly ushort[]? transparent;

    public PngSamples(PngChunks chunks)
    {
        header = chunks.Header;
        if (header.Color == PngColor.Palette)
        {
            FillPalette(chunks);
        }
        else if (chunks.Transparency is { } colour && header.Color is PngColor.Gray or PngColor.Rgb)
        {
            transparent = TransparentColour(chunks.Transparency!);
        }

        var hasAlpha = chunks.Transparency is not null || header.Color is PngColor.GrayAlpha or PngColor.Rgba;
        Channels = (header.Color is PngColor.Gray or PngColor.GrayAlpha ? 1 : 3) + (hasAlpha ? 1 : 0);
        Bytes = new byte[checked(header.Width * header.Height * Channels)];
    }

    public int Channels { get; }

    public byte[] Bytes { get; }

    /// <summary>Stores one row's pixels at every <paramref name="step"/>-th place from (<paramref name="x"/>, <paramref name="y"/>).</summary>
    public void Put(ReadOnlySpan<byte> row, int width, int x, int y, int step)
    {
        var at = ((y * header.Width) + x) * Channels;
        if (header.BitDepth == 8 && step == 1 && Channels == header.Samples && header.Color != PngColor.Palette)
        {
            row.CopyTo(Bytes.AsSpan(at));
            return;
        }

        for (var i = 0; i < width; i++, at += step * Channels)
        {
            PutPixel(row, i, Bytes.AsSpan(at, Channels));
        }
    }

    private void PutPixel(ReadOnlySpan<byte> row, int pixel, Span<byte> target)
    {
        if (header.Color == PngColor.Palette)
        {
            palette.AsSpan(Sample(row, pixel) * 4, Channels).CopyTo(target);
            return;
        }

        var isTransparent = transparent is not null;
        for (var s = 0; s < header.Samples; s++)
        {
            var sample = Sample(row, (pixel * header.Samples) + s);
            isTransparent = isTransparent && transparent![s] == sample;
            target[s] = ToByte(sample);
        }

        if (transparent is not null)
        {
            target[^1] = isTransparent ? byte.MinValue : byte.MaxValue;
        }
    }

    private ushort Sample(ReadOnlySpan<byte> row, int index)
    {
        switch (header.BitDepth)
        {
            case 8:
                return row[index];
            case 16:
                return BinaryPrimitives.ReadUInt16BigEndian(row[(index * 2)..]);
            default:
                var bit = index * header.BitDepth;
                return (ushort)((row[bit / 8] >> (8 - header.BitDepth - (bit % 8))) & ((1 << header.BitDepth) - 1));
        }
    }

    private byte ToByte(ushort sample) => header.BitDepth switch
    {
        16 => (byte)(sample >> 8),
        8 => (byte)sample,
        _ => (byte)(sample * 255 / ((1 << header.BitDepth) - 1)),
    };

    private void FillPalette(PngChunks chunks)
    {
        for (var i = 0; i < 256; i++)
        {
            if ((i * 3) + 2 < chunks.Palette!.Length)
            {
                chunks.Palette.AsSpan(i * 3, 3).CopyTo(palette.AsSpan(i * 4));
            }

            palette[(i * 4) + 3] = chunks.Transparency is { } alpha && i < alpha.Length ? alpha[i] : byte.MaxValue;
        }
    }

    private ushort[] TransparentColour(byte[] chunk)
    {
        if (chunk.Length != header.Samples * 2)
        {
            throw new InvalidImageContentException($"PNG: a transparent colour of {chunk.Length} bytes, not {header.Samples * 2}");
        }

        return [.. Enumerable.Range(0, header.Samples).Select(s => BinaryPrimitives.ReadUInt16BigEndian(chunk.AsSpan(s * 2)))];
    }
}

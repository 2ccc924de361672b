using System.IO.Compression;

namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>Decodes every PNG: all colour types and depths, interlaced or not. 16-bit samples keep their high byte.</summary>
internal static class PngReader
{
    // Adam7: where each pass begins and how far apart its pixels are.
    private static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static DecodedImage Read(ReadOnlyMemory<byte> file)
    {
        var chunks = PngChunks.Parse(file);
        var header = chunks.Header;
        var target = new PngSamples(chunks);
        using var inflated = new ZLibStream(new ChainedStream(chunks.Data), CompressionMode.Decompress);
        try
        {
            if (header.Interlaced)
            {
                foreach (var (x, y, stepX, stepY) in Adam7)
                {
                    ReadPass(inflated, header, target, x, y, stepX, stepY);
                }
            }
            else
            {
                ReadPass(inflated, header, target, 0, 0, 1, 1);
            }
        }
        catch (InvalidDataException e)
        {
            throw new InvalidImageContentException("PNG: the compressed data is corrupt", e);
        }

        return new DecodedImage(header.Width, header.Height, target.Channels, target.Bytes);
    }

    private static void ReadPass(Stream inflated, PngHeader header, PngSamples target, int x, int y, int stepX, int stepY)
    {
        var width = (header.Width - x + stepX - 1) / stepX;
        if (width <= 0)
        {
            return;
        }

        var rowBytes = header.RowBytes(width);
        var row = new byte[rowBytes + 1]; // the filter's number, then the row
        var above = new byte[rowBytes];
        for (var line = y; line < header.Height; line += stepY)
        {
            if (inflated.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
            {
                throw new InvalidImageContentException($"PNG: the data ends in line {line} of {header.Height}");
            }

            var samples = row.AsSpan(1);
            Unfilter(row[0], samples, above, header.FilterDistance);
            target.Put(samples, width, x, line, stepX);
            samples.CopyTo(above);
        }
    }

    private static void Unfilter(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (var i = distance; i < row.Length; i++)
                {
                    row[i] += row[i - distance];
                }

                break;
            case 2:
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] += above[i];
                }

                break;
            case 3:
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] += (byte)(((i < distance ? 0 : row[i - distance]) + above[i]) / 2);
                }

                break;
            case 4:
                UnfilterPaeth(row, above, distance);
                break;
            default:
                throw new InvalidImageContentException($"PNG: unknown filter {filter}");
        }
    }

    private static void UnfilterPaeth(Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        for (var i = 0; i < Math.Min(distance, row.Length); i++)
        {
            row[i] += above[i];
        }

        for (var i = distance; i < row.Length; i++)
        {
            row[i] += (byte)PngFormat.Paeth(row[i - distance], above[i], above[i - distance]);
        }
    }
}

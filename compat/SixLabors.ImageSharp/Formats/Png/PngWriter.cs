using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace SixLabors.ImageSharp.Formats.Png;

/// <summary>Writes 8-bit PNG files with the usual choice of filters; the same pixels give the same bytes.</summary>
internal static class PngWriter
{
    private const int Filters = 5;

    /// <summary>Writes interleaved 8-bit samples: 1 channel gray, 3 RGB, 4 RGBA.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> samples, int width, int height, int channels)
    {
        var color = channels switch
        {
            1 => PngColor.Gray,
            3 => PngColor.Rgb,
            4 => PngColor.Rgba,
            _ => throw new ArgumentOutOfRangeException(nameof(channels), channels, "1, 3 or 4 channels can be written"),
        };
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)color;
        stream.Write(PngFormat.Signature);
        WriteChunk(stream, "IHDR", header);
        WriteChunk(stream, "IDAT", Compress(samples, width * channels, height, channels));
        WriteChunk(stream, "IEND", []);
    }

    private static void WriteChunk(Stream stream, string type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[data.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), PngFormat.Crc(chunk.AsSpan(4, 4 + data.Length)));
        stream.Write(chunk);
    }

    private static byte[] Compress(ReadOnlySpan<byte> samples, int rowBytes, int height, int channels)
    {
        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var candidates = new byte[Filters][];
            for (var f = 0; f < Filters; f++)
            {
                candidates[f] = new byte[rowBytes + 1];
                candidates[f][0] = (byte)f;
            }

            ReadOnlySpan<byte> above = new byte[rowBytes];
            for (var y = 0; y < height; y++)
            {
                var row = samples.Slice(y * rowBytes, rowBytes);
                deflate.Write(BestFilter(candidates, row, above, channels));
                above = row;
            }
        }

        return compressed.ToArray();
    }

    // The usual heuristic: the filter whose bytes, taken as signed, have the least sum of magnitudes compresses best.
    private static byte[] BestFilter(byte[][] candidates, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        Span<int> sums = stackalloc int[Filters];
        sums.Clear();
        for (var i = 0; i < row.Length; i++)
        {
            int value = row[i];
            int left = i < distance ? 0 : row[i - distance];
            int up = above[i];
            int upperLeft = i < distance ? 0 : above[i - distance];
            Put(0, value, sums);
            Put(1, value - left, sums);
            Put(2, value - up, sums);
            Put(3, value - ((left + up) / 2), sums);
            Put(4, value - PngFormat.Paeth(left, up, upperLeft), sums);

            void Put(int filter, int difference, Span<int> sums)
            {
                candidates[filter][i + 1] = (byte)difference;
                sums[filter] += Math.Abs((int)(sbyte)difference);
            }
        }

        var best = 0;
        for (var f = 1; f < Filters; f++)
        {
            best = sums[f] < sums[best] ? f : best;
        }

        return candidates[best];
    }
}

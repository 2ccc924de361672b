using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Madtp.Kit.Tests.Data.Images;

/// <summary>
/// Writes PNG files of any kind straight from the format's rules, independently of the code under test:
/// every colour type and depth, interlaced or not, filters chosen at random, data cut into several chunks.
/// </summary>
internal sealed class PngBuilder(int width, int height, int depth, int color)
{
    private static readonly (int X, int Y, int Dx, int Dy)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public int Samples => color switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };

    public bool Interlaced { get; init; }

    public byte[]? Palette { get; init; }

    public byte[]? Transparency { get; init; }

    /// <summary>The sample values, one number each, whatever the depth: [height, width, samples].</summary>
    public required Func<int, int, int, int> Sample { get; init; }

    public byte[] Build(Random random)
    {
        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = (byte)depth;
        header[9] = (byte)color;
        header[12] = (byte)(Interlaced ? 1 : 0);
        Chunk(file, "IHDR", header);
        Chunk(file, "tEXt", Encoding.Latin1.GetBytes("Comment\0not needed"));
        if (Palette is not null)
            Chunk(file, "PLTE", Palette);

        if (Transparency is not null)
            Chunk(file, "tRNS", Transparency);

        var data = Data(random);
        for (var at = 0; at < data.Length;)
        {
            var length = Math.Min(data.Length - at, 1 + random.Next(40));
            Chunk(file, "IDAT", data.AsSpan(at, length));
            at += length;
        }

        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    public static void Chunk(Stream file, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        file.Write(number);
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
        }

        return ~crc;
    }

    private byte[] Data(Random random)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var (x0, y0, dx, dy) in Interlaced ? Passes : [(0, 0, 1, 1)])
            {
                byte[]? above = null;
                for (var y = y0; y < height && x0 < width; y += dy)
                {
                    var row = Row(x0, dx, y);
                    above ??= new byte[row.Length];
                    zlib.Write(Filtered(row, above, random.Next(5)));
                    above = row;
                }
            }
        }

        return compressed.ToArray();
    }

    private byte[] Row(int x0, int dx, int y)
    {
        var bits = new List<byte>();
        for (var x = x0; x < width; x += dx)
        {
            for (var s = 0; s < Samples; s++)
            {
                var value = Sample(y, x, s);
                for (var bit = depth - 1; bit >= 0; bit--)
                    bits.Add((byte)((value >> bit) & 1));
            }
        }

        var row = new byte[(bits.Count + 7) / 8];
        for (var i = 0; i < bits.Count; i++)
            row[i / 8] |= (byte)(bits[i] << (7 - (i % 8)));

        return row;
    }

    private byte[] Filtered(byte[] row, byte[] above, int filter)
    {
        var distance = Math.Max(1, Samples * depth / 8);
        var filtered = new byte[row.Length + 1];
        filtered[0] = (byte)filter;
        for (var i = 0; i < row.Length; i++)
        {
            int a = i < distance ? 0 : row[i - distance], b = above[i], c = i < distance ? 0 : above[i - distance];
            var p = a + b - c;
            var nearest = new[] { a, b, c }.MinBy(v => Math.Abs(p - v));
            var predicted = filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, _ => nearest };
            filtered[i + 1] = (byte)(row[i] - predicted);
        }

        return filtered;
    }
}

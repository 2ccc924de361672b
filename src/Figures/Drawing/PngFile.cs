using System.Buffers.Binary;
using System.IO.Compression;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>Writes pixels as a PNG file. The same pixels give the same bytes.</summary>
internal static class PngFile
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];
    private static readonly uint[] Remainders = MakeRemainders();

    public static byte[] Of(Raster raster)
    {
        using var file = new MemoryStream();
        file.Write(Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, raster.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), raster.Height);
        header[8] = 8;
        header[9] = raster.Channels == 4 ? (byte)6 : (byte)2;
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Compressed(raster));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Compressed(Raster raster)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var stride = raster.Width * raster.Channels;
            var (above, best, trial) = (new byte[stride], new byte[stride + 1], new byte[stride + 1]);
            for (var y = 0; y < raster.Height; y++)
            {
                var row = raster.Bytes.AsSpan(y * stride, stride);
                Filter(row, above, raster.Channels, ref best, ref trial);
                zlib.Write(best);
                row.CopyTo(above);
            }
        }

        return packed.ToArray();
    }

    /// <summary>Writes a row as differences to its neighbours, by whichever of the five ways leaves the smallest ones.</summary>
    private static void Filter(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int step, ref byte[] best, ref byte[] trial)
    {
        var least = long.MaxValue;
        for (byte way = 0; way < 5; way++)
        {
            trial[0] = way;
            long sum = 0;
            for (var i = 0; i < row.Length; i++)
            {
                var (left, up, corner) = (i < step ? 0 : row[i - step], above[i], i < step ? 0 : above[i - step]);
                var guess = way switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => Nearest(left, up, corner), _ => 0 };
                trial[i + 1] = (byte)(row[i] - guess);
                sum += Math.Abs((int)(sbyte)trial[i + 1]);
            }

            if (sum < least)
            {
                (least, best, trial) = (sum, trial, best);
            }
        }
    }

    /// <summary>Whichever neighbour is nearest to left + up − corner (the format's fourth filter).</summary>
    private static int Nearest(int left, int up, int corner)
    {
        var (toLeft, toUp, toCorner) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }

    private static void Chunk(Stream file, ReadOnlySpan<byte> name, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(name);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Checksum(Checksum(uint.MaxValue, name), data));
        file.Write(number);
    }

    private static uint Checksum(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            crc = Remainders[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeRemainders()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xedb88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}

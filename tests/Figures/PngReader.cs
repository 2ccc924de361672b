using System.Buffers.Binary;
using System.IO.Compression;
using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Tests.Figures;

/// <summary>Reads the PNG files the figures write, by the format's specification and not by the writer.</summary>
internal static class PngReader
{
    public static Raster Read(byte[] file)
    {
        var (width, height, channels) = (0, 0, 0);
        using var packed = new MemoryStream();
        for (var at = 8; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            var name = System.Text.Encoding.ASCII.GetString(file, at + 4, 4);
            if (name == "IHDR")
            {
                (width, height) = (BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 8)), BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 12)));
                channels = file[at + 17] == 6 ? 4 : 3;
            }
            else if (name == "IDAT")
            {
                packed.Write(file, at + 8, length);
            }

            at += 12 + length;
        }

        packed.Position = 0;
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        return new Raster(width, height, Unfiltered(rows.ToArray(), width * channels, height, channels), channels);
    }

    private static byte[] Unfiltered(byte[] rows, int stride, int height, int step)
    {
        var bytes = new byte[stride * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < stride; x++)
            {
                var left = x < step ? 0 : bytes[(y * stride) + x - step];
                var up = y == 0 ? 0 : bytes[((y - 1) * stride) + x];
                var corner = x < step || y == 0 ? 0 : bytes[((y - 1) * stride) + x - step];
                var guess = left + up - corner;
                var nearest = Math.Abs(guess - left) <= Math.Abs(guess - up) && Math.Abs(guess - left) <= Math.Abs(guess - corner) ? left
                    : Math.Abs(guess - up) <= Math.Abs(guess - corner) ? up : corner;
                var added = rows[y * (stride + 1)] switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => nearest, _ => 0 };
                bytes[(y * stride) + x] = (byte)(rows[(y * (stride + 1)) + 1 + x] + added);
            }
        }

        return bytes;
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Madtp.Kit.Metrics;

/// <summary>Reads a matrix that <c>numpy.save</c> wrote: 16, 32 or 64 bit floating point, either order.</summary>
internal static partial class NumpyFile
{
    /// <summary>The matrix.</summary>
    /// <exception cref="InvalidDataException">The file is no such array; the message says what it is.</exception>
    public static ScoreMatrix ReadMatrix(string path)
    {
        using var stream = File.OpenRead(path);
        var header = ReadHeader(stream, path);
        var type = Type().Match(header).Groups[1].Value;
        var size = type switch { "<f2" => 2, "<f4" => 4, "<f8" => 8, _ => throw new InvalidDataException($"{path}: the array's type is '{type}'; scores are <f2, <f4 or <f8 (float16, float32, float64)") };
        var shape = Shape().Match(header).Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (shape.Length != 2 || !int.TryParse(shape[0], CultureInfo.InvariantCulture, out var rows) || !int.TryParse(shape[1], CultureInfo.InvariantCulture, out var columns))
        {
            throw new InvalidDataException($"{path}: the array's shape is ({string.Join(", ", shape)}); scores have two dimensions");
        }

        var expected = (long)rows * columns * size;
        if (stream.Length - stream.Position != expected || (long)rows * columns > Array.MaxLength)
        {
            throw new InvalidDataException($"{path}: [{rows}, {columns}] of {type} are {expected} bytes, but {stream.Length - stream.Position} follow the header");
        }

        var values = ReadValues(stream, rows * columns, size);
        return header.Contains("'fortran_order': True", StringComparison.Ordinal)
            ? Matrix(path, columns, rows, values).Transpose()
            : Matrix(path, rows, columns, values);
    }

    private static ScoreMatrix Matrix(string path, int rows, int columns, float[] values)
    {
        try
        {
            return new ScoreMatrix(rows, columns, values);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static string ReadHeader(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[12];
        var read = stream.ReadAtLeast(start, 12, throwOnEndOfStream: false);
        if (read < 12 || start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw new InvalidDataException($"{path}: it does not begin as a file of numpy.save does");
        }

        var wide = start[6] >= 2;
        long length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        stream.Position = wide ? 12 : 10;
        if (length > 1 << 16 || length > stream.Length - stream.Position)
        {
            throw new InvalidDataException($"{path}: its header claims {length} bytes, which it does not have");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        return Encoding.Latin1.GetString(header);
    }

    private static float[] ReadValues(FileStream stream, int count, int size)
    {
        var values = new float[count];
        if (size == 4)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        var buffer = new byte[size * 8192];
        for (var done = 0; done < count;)
        {
            var chunk = buffer.AsSpan(0, Math.Min(buffer.Length, (count - done) * size));
            stream.ReadExactly(chunk);
            for (var at = 0; at < chunk.Length; at += size)
            {
                values[done++] = size == 2 ? (float)BinaryPrimitives.ReadHalfLittleEndian(chunk[at..]) : (float)BinaryPrimitives.ReadDoubleLittleEndian(chunk[at..]);
            }
        }

        return values;
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}

using System.Buffers.Binary;
using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>A pickle's bytes and how far they are read; every take is checked against the end.</summary>
internal ref struct PickleReader(ReadOnlySpan<byte> bytes)
{
    private const int MaximumLine = 4096;

    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>How many bytes are read.</summary>
    public int Position { get; private set; }

    /// <summary>The next byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>The next bytes, at most so many.</summary>
    public ReadOnlySpan<byte> Take(long count, long maximum = long.MaxValue)
    {
        if (count < 0 || count > maximum || count > bytes.Length - Position)
        {
            throw new InvalidDataException(count > maximum
                ? $"a value claims {(ulong)count} bytes, at most {maximum} are read"
                : $"{(ulong)count} bytes are claimed, {bytes.Length - Position} are left");
        }

        var taken = bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>A little-endian length of 4 or 8 bytes.</summary>
    public long Length(int size) => size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Take(4)) : BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Text up to a line feed, which is read too.</summary>
    public string Line()
    {
        var rest = bytes[Position..];
        var length = rest[..Math.Min(rest.Length, MaximumLine)].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw new InvalidDataException($"a line does not end within {MaximumLine} bytes");
        }

        Position += length + 1;
        return Encoding.UTF8.GetString(rest[..length]);
    }
}

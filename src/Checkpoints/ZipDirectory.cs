using System.Buffers.Binary;
using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Reads a zip archive's directory (zip64 included) into the places of its entries, so that tensors can be read in place.
/// .NET's own reader does not tell where an entry's bytes lie. Nothing is decompressed, so no archive can unpack to more than its size.
/// </summary>
internal static class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const int LocalSize = 30;
    private const int CentralSize = 46;
    private const int EndSize = 22;
    private const int MaximumEntries = 1_000_000;

    /// <summary>Whether the file begins as a zip archive does.</summary>
    public static bool Recognizes(FileBytes file) => file.Length >= 4 && U32(file, 0) is LocalSignature or EndSignature;

    /// <summary>All entries by name.</summary>
    public static Dictionary<string, ZipEntry> Read(FileBytes file)
    {
        var (offset, size, count) = FindDirectory(file);
        if (count > MaximumEntries || count * CentralSize > size || !file.Holds(offset, size))
        {
            throw file.Broken($"its zip directory claims {count} entries in {size} bytes at byte {offset} of {file.Length}");
        }

        var entries = new Dictionary<string, ZipEntry>((int)count);
        var end = offset + size;
        for (var i = 0L; i < count; i++)
        {
            if (offset + CentralSize > end || U32(file, offset) != CentralSignature)
            {
                throw file.Broken($"entry {i} of its zip directory is damaged");
            }

            var (entry, length) = ReadCentral(file, offset, end);
            offset += length;
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw file.Broken($"its zip directory lists '{entry.Name}' twice");
            }
        }

        CheckDisjoint(file, entries.Values);
        return entries;
    }

    private static (long Offset, long Size, long Count) FindDirectory(FileBytes file)
    {
        // The end record is last, before a comment of at most 65,535 bytes.
        for (var at = file.Length - EndSize; at >= Math.Max(0, file.Length - EndSize - ushort.MaxValue); at--)
        {
            if (U32(file, at) == EndSignature && U16(file, at + 20) == file.Length - at - EndSize)
            {
                var locator = at - 20;
                return locator >= 0 && U32(file, locator) == Locator64Signature
                    ? ReadEnd64(file, locator)
                    : (U32(file, at + 16), U32(file, at + 12), U16(file, at + 10));
            }
        }

        throw file.Broken("it begins as a zip archive but has no directory at its end: it is cut off");
    }

    private static (long Offset, long Size, long Count) ReadEnd64(FileBytes file, long locator)
    {
        var at = I64(file, locator + 8);
        if (!file.Holds(at, 56) || U32(file, at) != End64Signature)
        {
            throw file.Broken($"its zip64 directory is not at byte {at}, where it should be");
        }

        return (I64(file, at + 48), I64(file, at + 40), I64(file, at + 32) is var count and >= 0 ? count : long.MaxValue);
    }

    private static (ZipEntry Entry, long Length) ReadCentral(FileBytes file, long at, long end)
    {
        var flags = U16(file, at + 8);
        var method = U16(file, at + 10);
        long packed = U32(file, at + 20);
        long size = U32(file, at + 24);
        int nameLength = U16(file, at + 28);
        int extraLength = U16(file, at + 30);
        long local = U32(file, at + 42);
        var length = CentralSize + nameLength + extraLength + U16(file, at + 32);
        if (at + length > end)
        {
            throw file.Broken("its zip directory is damaged: an entry reaches past its end");
        }

        var name = Encoding.UTF8.GetString(file.Span(at + CentralSize, nameLength));
        ReadExtra64(file, at + CentralSize + nameLength, extraLength, ref size, ref packed, ref local);
        if ((flags & 1) != 0)
        {
            throw file.Broken($"its zip entry '{name}' is encrypted");
        }

        if (!file.Holds(local, LocalSize) || U32(file, local) != LocalSignature)
        {
            throw file.Broken($"its zip entry '{name}' is not at byte {local}, where the directory puts it");
        }

        var start = local + LocalSize + U16(file, local + 26) + U16(file, local + 28);
        if (!file.Holds(start, packed) || (method == 0 && packed != size))
        {
            throw file.Broken($"its zip entry '{name}' claims {packed} bytes ({size} unpacked) at byte {start} of {file.Length}");
        }

        if (U16(file, local + 26) != nameLength || !file.Span(local + LocalSize, nameLength).SequenceEqual(file.Span(at + CentralSize, nameLength)))
        {
            throw file.Broken($"its zip entry '{name}' has another name in place than in the directory");
        }

        return (new ZipEntry(name, start, packed, method == 0), length);
    }

    // Field 1 of the extra data holds the 64-bit form of whatever is all ones in the 32-bit fields, in this order.
    private static void ReadExtra64(FileBytes file, long at, int length, ref long size, ref long packed, ref long local)
    {
        for (var end = at + length; at + 4 <= end;)
        {
            var field = U16(file, at);
            var fieldEnd = at + 4 + U16(file, at + 2);
            if (fieldEnd > end)
            {
                return;
            }

            if (field == 1)
            {
                var next = at + 4;
                Widen(file, ref next, fieldEnd, ref size);
                Widen(file, ref next, fieldEnd, ref packed);
                Widen(file, ref next, fieldEnd, ref local);
            }

            at = fieldEnd;
        }
    }

    private static void Widen(FileBytes file, ref long at, long end, ref long value)
    {
        if (value == uint.MaxValue && at + 8 <= end)
        {
            value = I64(file, at);
            at += 8;
        }
    }

    private static void CheckDisjoint(FileBytes file, IEnumerable<ZipEntry> entries)
    {
        var reached = 0L;
        var previous = "";
        foreach (var entry in entries.OrderBy(e => e.Start).ThenBy(e => e.Length))
        {
            if (entry.Start < reached)
            {
                throw file.Broken($"its zip entries '{previous}' and '{entry.Name}' overlap");
            }

            reached = entry.Start + entry.Length;
            previous = entry.Name;
        }
    }

    private static ushort U16(FileBytes file, long at) => BinaryPrimitives.ReadUInt16LittleEndian(file.Span(at, 2));

    private static uint U32(FileBytes file, long at) => BinaryPrimitives.ReadUInt32LittleEndian(file.Span(at, 4));

    private static long I64(FileBytes file, long at) => BinaryPrimitives.ReadInt64LittleEndian(file.Span(at, 8));
}

/// <summary>A file inside a zip archive: where its bytes lie, and whether they are stored as they are or compressed.</summary>
internal sealed record ZipEntry(string Name, long Start, long Length, bool IsStored);

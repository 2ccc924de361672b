using System.Buffers.Binary;
using System.IO.Compression;
using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>A file inside a zip archive: where its bytes lie, packed or as they are.</summary>
internal sealed record ZipEntry(string Name, long Start, long Packed, long Length, bool IsPacked)
{
    /// <summary>The entry's own bytes, and where in them they begin; what is packed is unpacked when it is first read.</summary>
    public (FileBytes Bytes, long Start) Open(FileBytes archive) =>
        IsPacked ? (new FileBytes(archive.Path, Length, () => Unpack(archive)), 0) : (archive, Start);

    private byte[] Unpack(FileBytes archive)
    {
        var bytes = new byte[Length];
        try
        {
            using var inflater = new DeflateStream(new MemoryStream(archive.Take(Start, Packed)), CompressionMode.Decompress);
            inflater.ReadExactly(bytes);
            if (inflater.ReadByte() < 0)
                return bytes;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            // said below
        }

        throw archive.Broken($"its zip entry {Quoted(Name)} does not unpack to the {Length} bytes that it claims");
    }
}

/// <summary>Reads a zip's directory (zip64 too) into the places of its entries, so that tensors are read in place: .NET's own
/// reader does not tell them. PyTorch packs nothing, other tools do; far more than the file's size is not unpacked.</summary>
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
    private const int Locator64Size = 20;
    private const int MaximumEntries = 1_000_000;
    private const int MaximumTail = 1 << 20; // what may follow the directory: a comment, or bytes that a download left
    private const int Stored = 0;
    private const int Deflated = 8;

    /// <summary>Whether the file begins as a zip archive does.</summary>
    public static bool Recognizes(FileBytes file) => file.Length >= 4 && file.U32(0) is LocalSignature or EndSignature;

    /// <summary>All entries by name.</summary>
    public static Dictionary<string, ZipEntry> Read(FileBytes file)
    {
        var (offset, size, count) = FindDirectory(file);
        Guard.Data(count <= MaximumEntries && count * CentralSize <= size && file.Holds(offset, size) && size <= Array.MaxLength,
            $"its zip directory claims {count} entries in {size} bytes at byte {offset} of {file.Length}");
        var directory = file.Take(offset, size);
        var entries = new Dictionary<string, ZipEntry>((int)count);
        for (int i = 0, at = 0; i < count; i++)
        {
            Guard.Data(at + CentralSize <= directory.Length && U32(directory, at) == CentralSignature,
                $"entry {i} of its zip directory is damaged");
            var (entry, length) = ReadEntry(file, directory.AsSpan(at));
            Guard.Data(entries.TryAdd(entry.Name, entry), $"its zip directory lists {Quoted(entry.Name)} twice");
            at += length;
        }

        CheckDisjoint(entries.Values);
        var unpacked = entries.Values.Where(entry => entry.IsPacked).Sum(entry => (decimal)entry.Length);
        Guard.Data(unpacked <= (4 * (decimal)file.Length) + (64 << 20),
            $"its zip entries would unpack to {unpacked} bytes; unzip it and zip it again uncompressed");
        return entries;
    }

    private static (long Offset, long Size, long Count) FindDirectory(FileBytes file)
    {
        var tail = file.Take(Math.Max(0, file.Length - MaximumTail), Math.Min(file.Length, MaximumTail));
        var from = file.Length - tail.Length;
        for (var at = tail.Length - EndSize; at >= 0; at--)
        {
            if (U32(tail, at) != EndSignature || U16(tail, at + 20) > tail.Length - at - EndSize)
                continue;

            var locator = at - Locator64Size;
            if (locator < 0 || U32(tail, locator) != Locator64Signature)
                return (U32(tail, at + 16), U32(tail, at + 12), U16(tail, at + 10));

            var end64 = I64(tail, locator + 8);
            Guard.Data(file.Holds(end64, 56) && file.U32(end64) == End64Signature,
                $"its zip64 directory is not at byte {end64}, where it should be");
            return (file.I64(end64 + 48), file.I64(end64 + 40),
                file.I64(end64 + 32) is >= 0 and var count ? count : long.MaxValue);
        }

        throw new InvalidDataException("it begins as a zip archive but has no directory at its end: it is cut off");
    }

    private static (ZipEntry Entry, int Length) ReadEntry(FileBytes file, ReadOnlySpan<byte> central)
    {
        var method = U16(central, 10);
        long packed = U32(central, 20), size = U32(central, 24), local = U32(central, 42);
        int nameLength = U16(central, 28), extraLength = U16(central, 30);
        var length = CentralSize + nameLength + extraLength + U16(central, 32);
        Guard.Data(length <= central.Length, $"its zip directory is damaged: an entry reaches past its end");
        var rawName = central.Slice(CentralSize, nameLength);
        ReadExtra64(central.Slice(CentralSize + nameLength, extraLength), ref size, ref packed, ref local);
        var name = Encoding.UTF8.GetString(rawName);
        var quoted = Quoted(name);
        Guard.Data((U16(central, 8) & 1) == 0, $"its zip entry {quoted} is encrypted");
        Guard.Data(method is Stored or Deflated,
            $"its zip entry {quoted} is packed by method {method}; unzip the archive and zip it again uncompressed");
        var here = file.Holds(local, LocalSize) ? file.Take(local, LocalSize) : [];
        Guard.Data(here.Length > 0 && U32(here, 0) == LocalSignature,
            $"its zip entry {quoted} is not at byte {local}, where the directory puts it");
        var start = local + LocalSize + U16(here, 26) + U16(here, 28);
        Guard.Data(file.Holds(start, packed) && (method == Deflated ? size is >= 0 and <= int.MaxValue : packed == size),
            $"its zip entry {quoted} claims {packed} bytes ({size} unpacked) at byte {start} of {file.Length}");
        Guard.Data(U16(here, 26) == nameLength && file.Take(local + LocalSize, nameLength).AsSpan().SequenceEqual(rawName),
            $"its zip entry {quoted} has another name in place than in the directory");
        return (new ZipEntry(name, start, packed, size, method == Deflated), length);
    }

    // Field 1 of the extra data holds the 64-bit form of whatever is all ones in the 32-bit fields, in this order.
    private static void ReadExtra64(ReadOnlySpan<byte> extra, ref long size, ref long packed, ref long local)
    {
        while (extra.Length >= 4 && 4 + U16(extra, 2) <= extra.Length)
        {
            if (U16(extra, 0) == 1)
            {
                var field = extra.Slice(4, U16(extra, 2));
                Widen(ref field, ref size);
                Widen(ref field, ref packed);
                Widen(ref field, ref local);
            }

            extra = extra[(4 + U16(extra, 2))..];
        }
    }

    private static void Widen(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value == uint.MaxValue && field.Length >= 8)
        {
            value = I64(field, 0);
            field = field[8..];
        }
    }

    private static void CheckDisjoint(IEnumerable<ZipEntry> entries)
    {
        var (reached, previous) = (0L, "");
        foreach (var entry in entries.OrderBy(e => e.Start).ThenBy(e => e.Packed))
        {
            Guard.Data(entry.Start >= reached, $"its zip entries {Quoted(previous)} and {Quoted(entry.Name)} overlap");
            (reached, previous) = (entry.Start + entry.Packed, entry.Name);
        }
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}

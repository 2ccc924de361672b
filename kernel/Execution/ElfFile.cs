using System.Buffers.Binary;
using System.Text;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>What a Linux library says of itself.</summary>
internal static class ElfFile
{
    private const int DynamicTable = 6, Needed = 1;

    /// <summary>
    /// The names of the libraries it needs loaded with it; none where the file is no 64-bit little-endian library.
    /// </summary>
    public static IReadOnlyList<string> Needs(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var header = Read(file, 0, 64);
            return header is [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, ..] ? Names(file, Sections(file, header)) : [];
        }
        catch (Exception broken)
            when (broken is IOException or UnauthorizedAccessException or ArgumentException or OverflowException)
        {
            return [];
        }
    }

    // A section's header: type at 4, place at 24, size at 32, the section it goes with at 40.
    private static List<byte[]> Sections(FileStream file, byte[] header)
    {
        var (start, size, count) = (Number(header, 40), Short(header, 58), Short(header, 60));
        return [.. Enumerable.Range(0, count).Select(i => Read(file, start + (i * size), 64))];
    }

    private static List<string> Names(FileStream file, List<byte[]> sections)
    {
        if (sections.Find(section => BinaryPrimitives.ReadInt32LittleEndian(section.AsSpan(4)) == DynamicTable) is not { } table)
            return [];

        var texts = sections[BinaryPrimitives.ReadInt32LittleEndian(table.AsSpan(40))];
        var text = Read(file, Number(texts, 24), checked((int)Number(texts, 32)));
        var entries = Read(file, Number(table, 24), checked((int)Number(table, 32)));
        var names = new List<string>();
        for (var at = 0; at + 16 <= entries.Length; at += 16)
        {
            if (Number(entries, at) == Needed)
            {
                var from = checked((int)Number(entries, at + 8));
                names.Add(Encoding.UTF8.GetString(text, from, Array.IndexOf(text, (byte)0, from) - from));
            }
        }

        return names;
    }

    private static byte[] Read(FileStream file, long place, int length)
    {
        // A file that lies about a length must not cost more memory than it has bytes.
        var bytes = new byte[length <= file.Length - place ? length : throw new IOException($"{file.Name} ends early")];
        file.Position = place;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static long Number(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

    private static int Short(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}

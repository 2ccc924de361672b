using System.Text;

namespace Madtp.Kit.Tests.Checkpoints;

/// <summary>Writes zip archives by hand, so that their directories can lie.</summary>
internal sealed class ZipBytes
{
    private readonly List<Entry> entries = [];
    private readonly MemoryStream bytes = new();
    private readonly BinaryWriter writer;

    public ZipBytes() => writer = new BinaryWriter(bytes);

    /// <summary>What the directory says of an entry, where that differs from the truth.</summary>
    public sealed record Lie(long? Offset = null, long? Length = null, int? Method = null, int? Flags = null, string? Name = null, long? Size = null);

    /// <summary>Whether the directory uses 64-bit fields.</summary>
    public bool Is64 { get; init; }

    /// <summary>How many entries the end record claims, where that differs from the truth.</summary>
    public long? ClaimedCount { get; init; }

    public ZipBytes Add(string name, byte[] content, Lie? lie = null)
    {
        var offset = bytes.Length;
        var utf8 = Encoding.UTF8.GetBytes(name);
        writer.Write(0x04034b50);
        writer.Write(new byte[22]);
        writer.Write((ushort)utf8.Length);
        writer.Write((ushort)0);
        writer.Write(utf8);
        writer.Write(content);
        entries.Add(new Entry(lie?.Name ?? name, lie?.Offset ?? offset, lie?.Length ?? content.Length, lie?.Method ?? 0, lie?.Flags ?? 0, lie?.Size ?? lie?.Length ?? content.Length));
        return this;
    }

    public byte[] Finish()
    {
        var start = bytes.Length;
        foreach (var entry in entries)
            WriteCentral(entry);

        var size = bytes.Length - start;
        var count = ClaimedCount ?? entries.Count;
        if (Is64)
        {
            var end64 = bytes.Length;
            writer.Write(0x06064b50);
            writer.Write(44L);
            writer.Write(new byte[12]);
            writer.Write(count);
            writer.Write(count);
            writer.Write(size);
            writer.Write(start);
            writer.Write(0x07064b50);
            writer.Write(0);
            writer.Write(end64);
            writer.Write(1);
        }

        writer.Write(0x06054b50);
        writer.Write(0);
        writer.Write((ushort)(Is64 ? 0xffff : count));
        writer.Write((ushort)(Is64 ? 0xffff : count));
        writer.Write(Is64 ? uint.MaxValue : (uint)size);
        writer.Write(Is64 ? uint.MaxValue : (uint)start);
        writer.Write((ushort)0);
        return bytes.ToArray();
    }

    private void WriteCentral(Entry entry)
    {
        var utf8 = Encoding.UTF8.GetBytes(entry.Name);
        writer.Write(0x02014b50);
        writer.Write(0);
        writer.Write((ushort)entry.Flags);
        writer.Write((ushort)entry.Method);
        writer.Write(0L); // time, date, checksum
        writer.Write(Is64 ? uint.MaxValue : (uint)entry.Length);
        writer.Write(Is64 ? uint.MaxValue : (uint)entry.Size);
        writer.Write((ushort)utf8.Length);
        writer.Write((ushort)(Is64 ? 28 : 0));
        writer.Write(new byte[10]);
        writer.Write(Is64 ? uint.MaxValue : (uint)entry.Offset);
        writer.Write(utf8);
        if (Is64)
        {
            writer.Write((ushort)1);
            writer.Write((ushort)24);
            writer.Write(entry.Size);
            writer.Write(entry.Length);
            writer.Write(entry.Offset);
        }
    }

    private sealed record Entry(string Name, long Offset, long Length, int Method, int Flags, long Size);
}

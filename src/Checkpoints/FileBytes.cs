using System.Buffers.Binary;
using Madtp.Kit.Data;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Checkpoints;

/// <summary>Bytes of a file, by positioned reads that go straight to their destination: pages of a large file never count as this
/// process's memory, and a file that is shortened meanwhile ends in an error, not in a signal. Or bytes packed in one.</summary>
internal sealed class FileBytes : IDisposable
{
    private readonly SafeFileHandle? handle;
    private readonly Lazy<byte[]>? unpacked;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is a pipe.</exception>
    public FileBytes(string path)
    {
        Path = path;
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(Directory.Exists(path) ? $"{path} is a folder, not a checkpoint file"
                : $"{path}: there is no such checkpoint file", path);
        }

        handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Length = RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException)
        {
            handle.Dispose();
            throw new InvalidDataException($"{path} {ForeignFile.Pipe}");
        }
    }

    /// <summary>Bytes that are unpacked when they are first read.</summary>
    public FileBytes(string path, long length, Func<byte[]> unpack) =>
        (Path, Length, unpacked) = (path, length, new Lazy<byte[]>(unpack));

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    public long Length { get; }

    /// <summary>An error about this file.</summary>
    public InvalidDataException Broken(string what) => new($"{Path}: {what}");

    /// <summary>Whether a range lies within; safe against overflow.</summary>
    public bool Holds(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length && length <= Length - offset;

    /// <summary>A copy of some bytes.</summary>
    public byte[] Take(long offset, long length)
    {
        Guard.Data(Holds(offset, length) && length <= Array.MaxLength,
            $"bytes {offset} to {(decimal)offset + length} are past the end ({Length} bytes)");
        var bytes = new byte[length];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>A little-endian number of 4 bytes, or of 8.</summary>
    public uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Take(offset, 4));

    /// <inheritdoc cref="U32"/>
    public long I64(long offset) => BinaryPrimitives.ReadInt64LittleEndian(Take(offset, 8));

    /// <summary>Reads bytes to where they belong; may be called from several threads.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        if (unpacked is not null)
        {
            unpacked.Value.AsSpan((int)offset, destination.Length).CopyTo(destination);
            return;
        }

        ObjectDisposedException.ThrowIf(handle!.IsClosed, this);
        while (destination.Length > 0)
        {
            var count = RandomAccess.Read(handle, destination, offset);
            Guard.Data(count > 0, $"{Path}: the file ended at byte {offset}, {destination.Length} bytes too early");
            destination = destination[count..];
            offset += count;
        }
    }

    public void Dispose() => handle?.Dispose();
}

/// <summary>The memory that a file's table of contents may take: twice the file and 64 MB, of which a part is for what is not
/// counted. So a file that lies about what it holds cannot ask for more than its own size allows.</summary>
internal sealed class MemoryBudget(FileBytes file)
{
    /// <summary>About what a text takes beside its characters, and any other small object.</summary>
    public const int Small = 32;

    private long left = (2 * file.Length) + (52 << 20);

    /// <summary>Takes as many bytes off, as about will be allocated.</summary>
    public void Take(long bytes) => Guard.Data((left -= bytes) >= 0,
        $"what it lists would take more memory than twice its size and 64 MB, which no checkpoint's list does");

    /// <summary>The same for a text.</summary>
    public string Text(string text)
    {
        Take(Small + (2L * text.Length));
        return text;
    }
}

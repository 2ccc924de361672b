using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Bytes of a file, by positioned reads that go straight to their destination: pages of a large file never count as this
/// process's memory, and a file that is shortened meanwhile ends in an error, not in a signal. Or bytes that were packed in one.
/// </summary>
internal sealed class FileBytes : IDisposable
{
    private readonly SafeFileHandle? handle;
    private readonly Lazy<byte[]>? unpacked;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public FileBytes(string path)
    {
        Path = path;
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(Directory.Exists(path) ? $"{path} is a folder, not a checkpoint file"
                : $"{path}: there is no such checkpoint file", path);
        }

        handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>Bytes that are unpacked when they are first read.</summary>
    public FileBytes(string path, long length, Func<byte[]> unpack) =>
        (Path, Length, unpacked) = (path, length, new Lazy<byte[]>(unpack));

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>An error about this file.</summary>
    public InvalidDataException Broken(string what) => new($"{Path}: {what}");

    /// <summary>Whether a range lies within; safe against overflow.</summary>
    public bool Holds(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length && length <= Length - offset;

    /// <summary>A copy of some bytes.</summary>
    /// <exception cref="InvalidDataException">The range reaches past the end.</exception>
    public byte[] Take(long offset, long length)
    {
        Damage.Unless(Holds(offset, length) && length <= Array.MaxLength,
            $"bytes {offset} to {(decimal)offset + length} are past the end ({Length} bytes)");
        var bytes = new byte[length];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>A little-endian number of 4 bytes, or of 8.</summary>
    /// <exception cref="InvalidDataException">It reaches past the end.</exception>
    public uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Take(offset, 4));

    /// <inheritdoc cref="U32"/>
    public long I64(long offset) => BinaryPrimitives.ReadInt64LittleEndian(Take(offset, 8));

    /// <summary>Reads bytes to where they belong; may be called from several threads.</summary>
    /// <exception cref="InvalidDataException">The file ends first.</exception>
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
            if (count == 0)
            {
                throw Broken($"the file ended at byte {offset}, {destination.Length} bytes too early");
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle?.Dispose();
}

using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// A file's bytes in two ways: mapped, for headers and scattered elements; and by positioned reads, for whole tensors.
/// A positioned read goes straight to its destination, so that pages of a large file never count as this process's memory.
/// </summary>
internal sealed unsafe class FileBytes : IDisposable
{
    private readonly SafeFileHandle handle;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    public FileBytes(string path)
    {
        Path = path;
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(Directory.Exists(path) ? $"{path} is a folder, not a checkpoint file" : $"{path}: there is no such checkpoint file", path);
        }

        handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Length = RandomAccess.GetLength(handle);
            if (Length == 0)
            {
                throw Broken("the file is empty");
            }

            map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        }
        catch
        {
            view?.Dispose();
            map?.Dispose();
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's size in bytes.</summary>
    public long Length { get; }

    /// <summary>An error about this file.</summary>
    public InvalidDataException Broken(string what, Exception? inner = null) => new($"{Path}: {what}", inner);

    /// <summary>Whether a range lies within the file; safe against overflow.</summary>
    public bool Holds(long offset, long length) => offset >= 0 && length >= 0 && offset <= Length && length <= Length - offset;

    /// <summary>Mapped bytes.</summary>
    /// <exception cref="InvalidDataException">The range reaches past the end of the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(Pointer(offset, length), length);

    /// <summary>The address of mapped bytes, valid until this is disposed.</summary>
    /// <exception cref="InvalidDataException">The range reaches past the end of the file.</exception>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
        return Holds(offset, length) ? start + offset : throw Broken($"bytes {offset} to {(decimal)offset + length} are past the end ({Length} bytes)");
    }

    /// <summary>Reads bytes into a destination without mapping them.</summary>
    /// <exception cref="InvalidDataException">The file ends first.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(start is null, this);
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
    public void Dispose()
    {
        if (start is null)
        {
            return;
        }

        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
        handle.Dispose();
    }
}

using System.Collections;

namespace Madtp.Kit.Data;

/// <summary>The entries of a data set's files, each read when it is asked for.</summary>
/// <param name="read">Reads one, by its number from 0.</param>
/// <param name="files">What is closed with the list.</param>
public class FileList<T>(int count, Func<int, T> read, params IDisposable?[] files) : IReadOnlyList<T>, IDisposable
{
    /// <summary>How many entries there are.</summary>
    public int Count => count;

    /// <summary>An entry, in the files' order.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="InvalidDataException">The entry is malformed; the message names file and line.</exception>
    public T this[int index] => (uint)index < (uint)count
        ? read(index)
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {count} entries");

    public IEnumerator<T> GetEnumerator() => Enumerable.Range(0, count).Select(read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the files.</summary>
    public void Dispose() => Array.ForEach(files, file => file?.Dispose());
}

using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Data.Json;

/// <summary>
/// An array in a JSON file as a list: 16 bytes are kept for each element, and an element is read when it is asked for. So a
/// file of half a million entries opens in seconds and takes a few megabytes. Safe to use from several threads.
/// </summary>
internal sealed class JsonIndex : IDisposable
{
    private readonly string path;
    private readonly JsonSlice[] slices;
    private readonly SafeFileHandle file;

    private JsonIndex(string path, JsonSlice[] slices)
    {
        this.path = path;
        this.slices = slices;
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
    }

    public int Count => slices.Length;

    public JsonRecord this[int index]
    {
        get
        {
            var slice = slices[index];
            var bytes = new byte[slice.Length];
            for (var read = 0; read < bytes.Length;)
            {
                var more = RandomAccess.Read(file, bytes.AsSpan(read), slice.Offset + read);
                read += more > 0 ? more : throw new InvalidDataException($"{path}: the file has become shorter since it was opened");
            }

            return JsonRecord.Parse(bytes, $"{path}, line {slice.Line}");
        }
    }

    /// <summary>Finds the elements of an array.</summary>
    /// <param name="path">The file.</param>
    /// <param name="property">The array's name in the top object; null where the file itself is the array.</param>
    /// <param name="visit">Sees each element's bytes once, with its number, to note what is needed without parsing it later.</param>
    public static JsonIndex Open(string path, string? property = null, Action<int, ReadOnlySpan<byte>>? visit = null)
    {
        var slices = new List<JsonSlice>();
        JsonArrayScanner.Scan(path, property, (slice, json) =>
        {
            visit?.Invoke(slices.Count, json);
            slices.Add(slice);
        });
        return new JsonIndex(path, [.. slices]);
    }

    public void Dispose() => file.Dispose();
}
